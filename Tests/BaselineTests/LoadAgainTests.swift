import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import StreamSupport
import Synchronization
import TestSupport
import Testing

/// A topic that has lost changes before they were applied: only the source knows what they were.
///
/// The loss is real: the embedded broker keeps the newest five megabytes of a partition.
struct LoadAgainTests {
    private static let tables = """
        CREATE TABLE t (id bigint PRIMARY KEY, region text NOT NULL DEFAULT 'EU', version int, large text, credit int DEFAULT 0);
        ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
        """
    private static let rows = """
        INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END, 1, repeat('a', 3000), 0
        FROM generate_series(1, 100) AS i;
        """
    private static let entities = "  t: { from: public.t, into: public.t, key: [id], fields: same }"

    private func withLoss(
        waves: String = "{ all: { t: all } }", ownership: String = "", rows: String = rows,
        _ body: (StreamedFixture) throws -> Void
    ) throws {
        try withStream(
            tables: Self.tables + rows, targetTables: Self.tables, entities: Self.entities, waves: waves,
            topics: ["t": 1], ownership: ownership, body)
    }

    /// Changes of every kind, then so much that the topic forgets them, then changes that leave large values out.
    private func lose(_ stream: StreamedFixture) throws {
        let source = try Connection(stream.source, applicationName: "test")
        try stream.withoutSync {
            try source.execute(
                """
                UPDATE t SET version = 2 WHERE id <= 20;
                UPDATE t SET large = repeat('b', 4000) WHERE id BETWEEN 11 AND 40;
                DELETE FROM t WHERE id BETWEEN 41 AND 60;
                INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END, 3, repeat('c', 3000), 0
                FROM generate_series(201, 220) AS i;
                """)
            for _ in 0..<24 {
                try source.execute(
                    """
                    UPDATE t SET large = (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 20000))
                    WHERE id = 100
                    """)
            }
            // What comes behind the loss leaves out the large values that were lost with it.
            try source.execute("UPDATE t SET version = 4 WHERE id BETWEEN 31 AND 40 OR id = 210")
            try waitUntil("the topic has forgotten the changes") {
                let ends = try stream.options().logEnds?("t.public.t") ?? [:]
                return ends.values.allSatisfy { $0.low > 110 }
            }
        }
        try waitUntil("the partition stops", state: { place(stream) }) { try stalls(stream).count == 1 }
    }

    /// Where the stream stands, for a wait that was in vain.
    private func place(_ stream: StreamedFixture) -> String {
        let ends = try? stream.options().logEnds?("t.public.t")
        let status = try? Status(on: stream.target.connect())
        return "\(ends as Any) \(status?.partitions as Any) \(status?.stalls as Any)"
    }

    private func stalls(_ stream: StreamedFixture) throws -> [Status.StallStatus] {
        try Status(on: stream.target.connect()).stalls.filter { $0.state == "stopped" }
    }

    private static let everything = "SELECT id, region, version, md5(large) FROM t"

    @Test("A20: what an expired offset has lost is loaded anew, deletes included, while the stream goes on")
    func a20LoadedAnew() throws {
        try withLoss { stream in
            try stream.load("all")
            try lose(stream)
            let stall = try #require(try stalls(stream).first)
            #expect(stall.reason.hasPrefix("expired: offsets ") && stall.secondsToNextAttempt == nil)
            #expect(stall.reason.hasSuffix("tidegate load all --again --entity t"), "\(stall.reason)")
            #expect(try !stream.differences(Self.everything).isEmpty)
            var options = try stream.options()
            options.again = true
            let plan = try WaveLoad(stream.playbook, wave: "all", options: options).planAgain()
            #expect(plan.count == 1 && plan.first?.moves.count == 1 && plan.first?.waves == ["all"])
            #expect(try stalls(stream).count == 1, "the plan changes nothing")

            let writing = WriteLoad(stream.source, keys: 60)
            let outcome = Swift.Result { try stream.load("all") { $0.again = true } }
            try writing.stop()
            #expect(try outcome.get().loaded == ["t"])
            try stream.drain()
            #expect(try stream.differences(Self.everything) == [])
            #expect(try stalls(stream).isEmpty)
            #expect(try stream.accountingHolds())
            let audit = try Audit(on: stream.target.connect())
            let givenUp = try audit.entries(action: "offsets-given-up")
            #expect(givenUp.count == 1 && givenUp.first?.detail.contains("expired: offsets ") == true)
            #expect(try audit.entries(action: "scope-loading-again").count == 1)
        }
    }

    @Test("A20: the other waves of the entity are made whole too, and what no wave takes stays out")
    func a20OtherWaves() throws {
        try withLoss(
            waves: #"{ eu: { t: "region = 'EU'" }, us: { t: "region = 'US' AND id < 1000" } }"#,
            rows: Self.rows + "INSERT INTO t SELECT i, 'JP', 1, 'x' FROM generate_series(301, 310) AS i;"
        ) { stream in
            try stream.load("eu")
            try stream.load("us")
            try lose(stream)
            try stream.load("eu") { $0.again = true }
            try stream.drain()
            #expect(try stream.differences(Self.everything + " WHERE region <> 'JP'", onTarget: Self.everything) == [])
            let states = try Status(on: stream.target.connect()).scopes.map(\.state)
            #expect(states == ["live", "live"])
        }
    }

    @Test("A20: what the target owns stays as it is, and a row that it owns in part stays when it is gone")
    func a20Ownership() throws {
        try withLoss(
            ownership: "{ default: source, rules: [ { entity: t, fields: [credit], owner: target } ] }"
        ) { stream in
            try stream.load("all")
            let target = try stream.target.connect()
            try target.execute("UPDATE t SET credit = id")
            try lose(stream)
            try stream.load("all") { $0.again = true }
            try stream.drain()
            #expect(try target.execute("SELECT count(*) FROM t WHERE id <= 100 AND credit = id").scalar == "100")
            let source = "SELECT id, version, md5(large) FROM t"
            #expect(try stream.differences(source, onTarget: source + " WHERE id NOT BETWEEN 41 AND 60") == [])
            let kept = stream.events.withLock { events in
                events.compactMap { if case .removed(_, let rows, let kept) = $0 { [rows, kept] } else { nil } }
            }
            #expect(kept == [[0, 20]])
        }
    }
}
