import LibPQ
import TestSupport
import Testing

extension EndToEnd {
    /// Passwords that change while processes run.
    @Suite(.enabled(if: Broker.isMock, "needs the embedded broker"))
    struct RotationTests {
        @Test func newPasswordsAreTakenUpByTheNextConnection() throws {
            let vault = try VaultServer(
                token: "the-token", secrets: ["secret/target": ["password": "first-pg-secret"]],
                certificate: CertificateKit.kit().server)
            var settings = SecuredSite.Settings()
            settings.targetPassword = "${vault:secret/data/target#password}"
            let secured = try SecuredSite(settings)
            let site = secured.site
            defer { try? site.dropSlot() }
            site.environment = [
                "VAULT_ADDR": vault.address, "VAULT_TOKEN": "the-token", "VAULT_CACERT": secured.kit.authority,
            ]
            func rotate(to password: String) throws {
                try secured.write("postgres", password)
                try vault.change { $0.secrets["secret/target"] = ["password": password] }
                try secured.changePassword(to: password)
            }
            try WriteAction.fill(site.connect(site.source), accounts: 200)
            let capture = try site.start("capture")
            try site.waitForSlot(capture)
            // Without a sync the load waits at its seal.
            let load = try site.start("load", "rest")
            try waitUntil("the load waits for the stream", state: { load.logTail }) {
                try load.checkRunning()
                return try site.isSealed()
            }
            try rotate(to: "second-pg-secret")
            try waitUntil("the load has noticed", state: { load.logTail }) {
                try load.checkRunning()
                return load.log.contains("another try")
            }
            let writes = try WriteLoad(site, writers: 2, seed: Seed.make("newPasswordsAreTakenUp"))
            let sync = try site.start("sync")
            #expect(try load.waitForExit(within: 90) == 0, "\(load.logTail)")
            for (round, password) in ["third-pg-secret", "fourth-pg-secret"].enumerated() {
                let before = try site.consumed()
                try rotate(to: password)
                // Nobody can be in by the old password any more.
                try waitUntil("it goes on after change \(round)", state: { sync.logTail + capture.logTail }) {
                    try sync.checkRunning()
                    try capture.checkRunning()
                    return try site.consumed() > before + 20
                }
            }
            try writes.stop()
            try site.waitForDrain {
                try sync.checkRunning()
                try capture.checkRunning()
            }
            try site.expectIdentical()
            try site.expectAccountedFor()
            for run in [sync, capture, load] {
                #expect(!run.log.contains("pg-secret") && !run.log.contains("the-token"))
            }
            #expect(try sync.terminate() == 0)
            #expect(try capture.terminate() == 0)
        }

        /// The server is first: the login is refused until the new password is where it is referred to.
        @Test func refusedLoginIsWaitedFor() throws {
            let secured = try SecuredSite()
            let site = secured.site
            defer { try? site.dropSlot() }
            try site.makeLive()
            let source = try site.connect(site.source)
            let capture = try site.start("capture")
            try site.waitForSlot(capture)
            let sync = try site.start("sync")
            try source.execute("INSERT INTO accounts SELECT n, 'EU', n FROM generate_series(1, 50) n")
            try site.waitForDrain(while: sync.checkRunning)
            try secured.changePassword(to: "later-pg-secret")
            try source.execute("INSERT INTO accounts SELECT n, 'EU', n FROM generate_series(51, 100) n")
            try waitUntil("the refusals are said", state: { capture.logTail }) {
                try capture.checkRunning()
                return capture.log.contains("28P01")
            }
            try secured.write("postgres", "later-pg-secret")
            try site.waitForDrain(while: sync.checkRunning)
            #expect(try site.watch("SELECT count(*) FROM accounts") == "100")
            for run in [sync, capture] { #expect(try run.terminate() == 0, "\(run.logTail)") }
        }

        @Test(arguments: ["PLAIN", "SCRAM-SHA-256"])
        func newKafkaPasswordIsTakenUpByTheNextConnection(_ mechanism: String) throws {
            let secured = try SecuredSite(SecuredSite.Settings(mechanism: mechanism))
            let site = secured.site
            defer { try? site.dropSlot() }
            try site.makeLive()
            let source = try site.connect(site.source)
            let capture = try site.start("capture")
            try site.waitForSlot(capture)
            let sync = try site.start("sync")
            try source.execute("INSERT INTO accounts SELECT n, 'EU', n FROM generate_series(1, 50) n")
            try site.waitForDrain(while: sync.checkRunning)
            for (round, password) in ["second-kafka-secret", "third-kafka-secret"].enumerated() {
                try secured.write("kafka", password)
                try secured.changeKafkaPassword(to: password)
                let first = 100 * (round + 1)
                try source.execute(
                    "INSERT INTO accounts SELECT n, 'EU', n FROM generate_series(\(first), \(first + 49)) n")
                try site.waitForDrain {
                    try sync.checkRunning()
                    try capture.checkRunning()
                }
            }
            #expect(try site.watch("SELECT count(*) FROM accounts") == "150")
            try site.expectAccountedFor()
            for run in [sync, capture] {
                #expect(!run.log.contains("kafka-secret"))
                #expect(try run.terminate() == 0, "\(run.logTail)")
            }
        }
    }
}

extension Site {
    /// Whether a load has taken a seal.
    fileprivate func isSealed() throws -> Bool {
        guard try watch("SELECT to_regclass('tidegate.scope')") != nil else { return false }
        return try watch("SELECT count(*) FROM tidegate.scope WHERE seal_snapshot IS NOT NULL") != "0"
    }
}
