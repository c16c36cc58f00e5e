import Foundation
import LibPQ
import TestSupport
import Testing

extension EndToEnd {
    /// No secret and no row's value in anything that Tidegate prints or writes about its work.
    @Suite(.enabled(if: Broker.isMock, "needs the embedded broker"))
    struct SecrecyTests {
        private static let secrets = [
            "planted-pg-secret", "planted-kafka-secret", "planted-vault-token", "planted-masking-key",
            "wrong-pg-secret",
        ]
        private static let marker = "PLANTED_ROW_VALUE"

        private static let accounts = """
            fields: { id: id, region: region, balance: balance, note: note, document: { from: document, mask: hmac }, \
            data: data, updated: updated }, defects: { bad-note: { where: "note LIKE '%defect%'", action: quarantine } }
            """

        @Test func nothingThatIsPlantedIsPrinted() throws {
            let vault = try VaultServer(
                token: "planted-vault-token",
                secrets: ["secret/tide": ["password": "planted-pg-secret", "key": "planted-masking-key"]])
            var settings = SecuredSite.Settings()
            settings.password = "planted-pg-secret"
            settings.kafkaPassword = "planted-kafka-secret"
            settings.targetPassword = "${vault:secret/data/tide#password}"
            settings.accounts = Self.accounts
            settings.sections = "masking: { key: \"${vault:secret/data/tide#key}\" }"
            let secured = try SecuredSite(settings)
            let site = secured.site
            defer { try? site.dropSlot() }
            site.environment = ["VAULT_ADDR": vault.address, "VAULT_TOKEN": "planted-vault-token"]
            try work(secured)
            try fail(secured)
            try expectNothingPlanted(site)
            // What was looked for is there to be found: a person who asks for the row sees it.
            let show = try site.start("quarantine show", "--entity", "accounts")
            #expect(try show.waitForExit() == 0 && show.log.contains(Self.marker), "\(show.logTail)")
        }

        /// The main job with rows that go wrong in every way, at the most verbose.
        private func work(_ secured: SecuredSite) throws {
            let site = secured.site
            let source = try site.connect(site.source)
            try site.connect(site.target).execute(
                "ALTER TABLE accounts ADD CHECK (note NOT LIKE '%refused%'), ADD CHECK (balance < 1000)")
            try source.execute(
                """
                INSERT INTO accounts SELECT n, 'EU', n, '\(Self.marker) ' || n, '\(Self.marker)', '{"v": "\(Self.marker)"}'
                FROM generate_series(1, 20) n;
                INSERT INTO accounts VALUES (21, 'EU', 1, '\(Self.marker) defect');
                INSERT INTO items SELECT n, 1, '\(Self.marker)', 1, '\(Self.marker)' FROM generate_series(1, 5) n
                """)
            #expect(try site.start("check").waitForExit() == 0)
            let trace = "--log-level=trace"
            let capture = try site.start("capture", trace)
            try site.waitForSlot(capture)
            let sync = try site.start("sync", trace)
            let load = try site.start("load", "rest", trace)
            #expect(try load.waitForExit(within: 90) == 0, "\(load.logTail)")
            try source.execute(
                """
                UPDATE accounts SET note = '\(Self.marker) again' WHERE id = 1;
                INSERT INTO accounts VALUES (31, 'EU', 1, '\(Self.marker) refused'), (32, 'EU', 1, '\(Self.marker) defect'),
                    (33, 'EU', 5000, '\(Self.marker)')
                """)
            try EventWriter(site.brokers).send(
                key: #"{"id":77}"#, value: #"{"op":"c","after":{"note":"\#(Self.marker)"#)
            try site.waitForDrain { for run in [sync, capture] { try run.checkRunning() } }
            let reasons =
                try site.watch("SELECT string_agg(reason, ' ' ORDER BY reason) FROM tidegate.quarantine") ?? ""
            #expect(reasons == "bad-note bad-note rejected rejected undecodable")
            for command in [
                ["status"], ["status", "--json"], ["quarantine list"], ["quarantine list", "--json"], ["own map"],
                ["quarantine retry", "--entity", "accounts", "--wait", "10"],
            ] {
                let run = try site.start(command[0], arguments: command.dropFirst() + [trace])
                _ = try run.waitForExit()
                #expect(!run.log.contains("Usage:"), "\(run.logTail)")
            }
            let discard = try site.start(
                "quarantine discard", "--key", "33", "--entity", "accounts", "--note", "a test")
            _ = try discard.waitForExit()
            for command in ["audit list", "audit export", "audit verify"] {
                #expect(try site.start(command).waitForExit() == 0)
            }
            for run in [sync, capture] { #expect(try run.terminate() == 0) }
        }

        /// Commands that fail: a wrong password, a wrong token, a bad expression, a row that breaks a load.
        private func fail(_ secured: SecuredSite) throws {
            let site = secured.site
            try secured.write("postgres", "wrong-pg-secret")
            for command in ["check", "sync", "load rest"] {
                #expect(try site.start(command).waitForExit() != 0, "\(command)")
            }
            try secured.write("postgres", "planted-pg-secret")
            let vault = site.environment["VAULT_ADDR"]
            site.environment["VAULT_ADDR"] = "http://127.0.0.1:1"
            for command in ["check", "sync"] { #expect(try site.start(command).waitForExit() != 0) }
            site.environment["VAULT_ADDR"] = vault
            let playbook = try String(contentsOfFile: site.playbookPath, encoding: .utf8)
            try playbook.replacing("note: note", with: "note: nothing(note)")
                .write(toFile: "\(site.folder)/bad.yaml", atomically: true, encoding: .utf8)
            let bad = try TidegateRun(["check", "-p", "\(site.folder)/bad.yaml"], folder: site.folder)
            #expect(try bad.waitForExit() != 0)
        }

        private func expectNothingPlanted(_ site: Site) throws {
            var texts: [String: String] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: site.folder) where name.hasSuffix(".log") {
                texts[name] = try String(contentsOfFile: "\(site.folder)/\(name)", encoding: .utf8)
            }
            #expect(texts.count >= 20)
            // All of the ledger but the events that are kept for people to see.
            let target = try site.connect(site.target)
            let tables = try target.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'tidegate'")
                .rows.compactMap { $0[0] }.filter { $0 != "quarantine" }
            #expect(tables.contains("audit"))
            for table in tables {
                texts[table] =
                    try target.execute("SELECT string_agg(t::text, ' ') FROM tidegate.\(table) t").scalar ?? ""
            }
            texts["quarantine's reasons"] =
                try target.execute(
                    "SELECT string_agg((to_jsonb(q) - 'event_value' - 'event_key')::text, ' ') FROM tidegate.quarantine q"
                )
                .scalar ?? ""
            for (name, text) in texts {
                for planted in Self.secrets + [Self.marker] {
                    let hexadecimal = planted.utf8.map { String($0, radix: 16) }.joined()
                    for form in [planted, hexadecimal, Data(planted.utf8).base64EncodedString()] {
                        let line = text.split(separator: "\n").first { $0.contains(form) }
                        #expect(line == nil, "\(name) shows \(planted): \(line ?? "")")
                    }
                }
            }
        }
    }
}
