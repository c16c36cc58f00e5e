import Baseline
import Ledger
import LibPQ
import Model
import StreamSupport
import Synchronization
import TestSupport
import Testing

/// The known-defects catalog acts on the baseline and on the stream alike, and what it found is counted.
@Suite(.serialized) struct DefectCountTests {
    private static let columns = "id bigint PRIMARY KEY, region text, priority text, email text"
    private static let entity = """
          t:
            from: public.t
            into: public.t
            key: [id]
            fields: same
            defects:
              P5-is-low: { where: "priority = 'P5'", set: { priority: "'Low'" } }
              low-is-4: { where: "priority = 'Low'", set: { priority: "'P4'" } }
              no-email: { where: "email IS NULL", action: quarantine }
        """
    private static let waves = """
        { eu: { t: "region = 'EU'" }, all: { t: all } }
        """

    private func counts(_ target: TestDatabase) throws -> Set<String> {
        Set(
            try Status(on: target.connect()).defects.map {
                "\($0.defect) \($0.action) \($0.wave ?? "-") \($0.baselineRows) \($0.streamEvents)"
            })
    }

    @Test func defectsAreCountedByRuleAndWaveInBaselineAndStream() throws {
        try withStream(
            tables: """
                CREATE TABLE t (\(Self.columns));
                ALTER TABLE t REPLICA IDENTITY FULL;
                INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END,
                    CASE i % 10 WHEN 0 THEN 'P5' WHEN 2 THEN 'Low' ELSE 'P1' END,
                    CASE WHEN i % 100 <> 4 THEN 'a' END FROM generate_series(1, 1000) i;
                ANALYZE t
                """,
            targetTables: "CREATE TABLE t (\(Self.columns), CHECK (id <> 7777))", entities: Self.entity,
            waves: Self.waves, topics: ["t": 1],
            limits: "{ lanes: 1, load_workers: 2, source_connections: 2, chunk_bytes: 4096 }"
        ) { fixture in
            try fixture.load("eu")
            // A row that had both: the second looks at what the first has left.
            let loaded: Set = ["P5-is-low set eu 100 0", "low-is-4 set eu 200 0", "no-email quarantine eu 10 0"]
            #expect(try counts(fixture.target) == loaded)
            #expect(try fixture.target.connect().query("SELECT count(*) FROM t WHERE priority = 'P4'").scalar == "200")

            let source = try Connection(fixture.source, applicationName: "test")
            try source.execute(
                "INSERT INTO t VALUES (2000, 'EU', 'P5', 'a'), (2002, 'EU', NULL, NULL), (2001, 'US', 'P5', 'a')")
            // A row that leaves the only scope that has started; the target rejects one, which takes the batch apart.
            try source.execute("UPDATE t SET region = 'US', priority = 'Low' WHERE id = 6")
            try source.execute("INSERT INTO t VALUES (7777, 'EU', 'P5', 'a'), (7778, 'EU', 'Low', 'a')")
            try fixture.drain()
            let streamed: Set = [
                "P5-is-low set eu 100 1", "low-is-4 set - 0 1", "low-is-4 set eu 200 2", "no-email quarantine eu 10 1",
            ]
            #expect(try counts(fixture.target) == streamed)

            // Of the scopes that hold a row, the first in the playbook's order counts.
            try fixture.load("all")
            try source.execute("INSERT INTO t VALUES (3000, 'EU', 'Low', 'a'), (3001, 'US', 'Low', 'a')")
            try fixture.drain()
            let after = try counts(fixture.target)
            #expect(after.contains("low-is-4 set eu 200 3"), "\(after)")
            #expect(after.contains { $0.hasPrefix("low-is-4 set all ") && $0.hasSuffix(" 1") }, "\(after)")
            #expect(try fixture.accountingHolds())
        }
    }

    private struct Killed: Error {}

    @Test func aChunkThatIsLoadedAgainCountsOnce() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (\(Self.columns));
                INSERT INTO t SELECT i, 'EU', CASE i % 10 WHEN 0 THEN 'P5' ELSE 'P1' END,
                    CASE WHEN i % 100 <> 4 THEN 'a' END FROM generate_series(1, 100) i
                """,
            targetTables: "CREATE TABLE t (\(Self.columns))", entities: Self.entity, waves: Self.waves
        ) { fixture in
            #expect(throws: Killed.self) {
                try fixture.load("eu") { options in
                    options.pause = { if $0 == .beforeCommit { throw Killed() } }
                }
            }
            #expect(try counts(fixture.target).isEmpty)
            try fixture.load("eu")
            #expect(
                try counts(fixture.target) == [
                    "P5-is-low set eu 10 0", "low-is-4 set eu 10 0", "no-email quarantine eu 1 0",
                ])
        }
    }
}
