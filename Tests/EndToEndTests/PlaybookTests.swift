import Foundation
import LibPQ
import TestSupport
import Testing

extension EndToEnd {
    /// Playbooks and contracts as a person meets them.
    struct PlaybookTests {
        @Test("A19: a paused entity is shown with what to do, and goes on when the source is accepted")
        func a19ShownAndAccepted() throws {
            try withSite { site in
                try site.makeLive()
                let capture = try site.start("capture")
                try site.waitForSlot(capture)
                let sync = try site.start("sync")
                let source = try site.connect(site.source)
                try source.execute("INSERT INTO accounts (id, region, balance) VALUES (1, 'EU', 1)")
                try waitUntil("the row is there", state: { sync.logTail }) { try site.watch(Self.count) == "1" }
                try source.execute(
                    """
                    ALTER TABLE accounts ADD COLUMN status text NOT NULL DEFAULT 'fresh';
                    UPDATE accounts SET status = 'old'; INSERT INTO accounts (id, region, balance) VALUES (2, 'EU', 2)
                    """)
                try waitUntil("the entity pauses", state: { sync.logTail }) {
                    try site.watch("SELECT count(*) > 0 FROM tidegate.stall WHERE state = 'stopped'") == "t"
                }
                try expect(site.start("status"), 0, ["Not as the contracts say", "added: status text not null"])
                try expect(
                    site.start("playbook drift"), 1,
                    [#"ALTER TABLE "public"."accounts" ADD COLUMN "status" text DEFAULT 'fresh'::text NOT NULL;"#])
                let file = "\(site.folder)/playbook.yaml"
                try expect(run(site, "diff", file), 1, ["source of accounts: added: status text not null  [pause]"])
                try expect(run(site, "activate", file, "--yes"), 2, ["give --accept-contract"])
                try expect(run(site, "activate", file, "--accept-contract"), 2, ["give --yes"])
                #expect(try site.watch(Self.count) == "1")
                // A process that starts meanwhile takes nothing up by itself.
                #expect(try sync.terminate() == 0)
                try expect(site.start("sync", "--once"), 2, ["no longer keeps to its contract"])
                let again = try site.start("sync")
                try waitUntil("it pauses again", state: { again.logTail }) {
                    again.log.contains("no longer keeps to its contract")
                }
                try site.connect(site.target).execute(
                    "ALTER TABLE accounts ADD COLUMN status text DEFAULT 'fresh'::text NOT NULL")
                try expect(
                    run(site, "activate", file, "--accept-contract", "--yes"), 0, ["new contracts: accounts"])
                try waitUntil("it goes on", within: .seconds(60), state: { again.logTail }) {
                    try again.checkRunning()
                    return try site.watch("SELECT string_agg(status, ',' ORDER BY id) FROM accounts") == "old,fresh"
                }
                #expect(again.log.contains("another playbook or contract was put in force, taking it up"))
                try expect(site.start("playbook drift"), 0, ["keeps to its contracts"])
                try expect(site.start("playbook list"), 0, ["accounts", "public.accounts"])
            }
        }

        @Test func anotherPlaybookIsComparedCheckedAndPutInForce() throws {
            try withSite { site in
                try site.makeLive()
                try expect(site.start("sync", "--once"), 0, [])
                let file = "\(site.folder)/playbook.yaml"
                try expect(run(site, "diff", file), 0, ["nothing differs"])
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let changed = "\(site.folder)/changed.yaml"
                try text.replacing("fields: same }", with: "drift: ignore, fields: same }")
                    .write(toFile: changed, atomically: true, encoding: .utf8)
                try expect(
                    run(site, "diff", changed), 1, ["entities.accounts.drift: - -> ignore  [none]"])
                let wrong = "\(site.folder)/wrong.yaml"
                try text.replacing("region = 'EU'", with: "regio = 'EU'")
                    .write(toFile: wrong, atomically: true, encoding: .utf8)
                try expect(run(site, "activate", wrong, "--yes"), 1, ["unknown-column"])
                try expect(run(site, "activate", changed, "--yes", "--json"), 0, [#""version" : 2"#])
                // The old file is not in force any more.
                try expect(site.start("sync", "--once"), 2, ["is not the playbook that is in force"])
                try expect(site.start("playbook list"), 0, ["      2  "])
            }
        }

        private static let count = "SELECT count(*) FROM accounts"

        private func run(_ site: Site, _ words: String...) throws -> TidegateRun {
            try TidegateRun(["playbook"] + words, folder: site.folder)
        }

        private func expect(_ run: TidegateRun, _ status: Int32, _ texts: [String]) throws {
            #expect(try run.waitForExit() == status, "\(run.logTail)")
            for text in texts { #expect(run.log.contains(text), "\(text): \(run.log)") }
        }
    }
}
