import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Synchronization
import TestSupport
import Testing

/// Dry runs, pilots and pauses.
@Suite struct WaveWorkTests {
    private static let tables = """
        CREATE TABLE parent (id int PRIMARY KEY, mail text);
        INSERT INTO parent SELECT i, CASE WHEN i % 10 = 0 THEN NULL ELSE 'M' || i END FROM generate_series(1, 100) i;
        CREATE TABLE child (id int PRIMARY KEY, parent_id int, boss_id int, amount int);
        INSERT INTO child SELECT i, i % 110 + 1, 201 - i, i FROM generate_series(1, 200) i
        """
    private static let targetTables = """
        CREATE TABLE parent (id int PRIMARY KEY, mail text);
        CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent, boss_id int REFERENCES child,
            amount int CHECK (amount <> 7))
        """
    private static let entities = """
          parent:
            from: public.parent
            into: public.parent
            key: [id]
            fields: same
            defects:
              no-mail: { where: "mail IS NULL", action: quarantine }
              upper: { where: "mail LIKE 'M%'", set: { mail: "lower(mail)" } }
          child: { from: public.child, into: public.child, key: [id], fields: same }
        """

    @Test func aDryRunTellsWhatTheLoadWouldSetAsideAndLeavesNothing() throws {
        try withBaseline(
            tables: Self.tables, targetTables: Self.targetTables, entities: Self.entities,
            waves: "{ all: { parent: all, child: all } }", references: "wait"
        ) { fixture in
            let findings = try DryRun(fixture.playbook, wave: "all", options: fixture.options()).run()
            #expect(findings.map(\.rows) == [100, 200])
            #expect(findings[0].setAside == ["no-mail": 10] && findings[0].corrected == ["upper": 90])
            for table in [
                "parent", "child", "tidegate.quarantine", "tidegate.manifest", "tidegate.scope", "tidegate.reread",
            ] {
                #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM \(table)") == ["0"], "\(table)")
            }
            try fixture.load("all")
            let aside = try BaselineFixture.rows(
                fixture.target,
                """
                SELECT e.name, q.reason || coalesce(' (' || q.sqlstate || ')', ''), count(*) FROM tidegate.quarantine q
                JOIN tidegate.entity e ON e.id = q.entity_id GROUP BY 1, 2 ORDER BY 1, 2
                """)
            let foretold = findings.flatMap { finding in
                finding.setAside.map { "\(finding.entity)|\($0)|\($1)" }
            }
            #expect(aside == foretold.sorted())
        }
    }

    @Test func aPilotLoadsSoManyChunksAndTheRestFollows() throws {
        let table = "CREATE TABLE t (id int PRIMARY KEY, pad text)"
        try withBaseline(
            tables: table + "; INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 5000) i; ANALYZE t",
            targetTables: table, entities: WaveLoadTests.plain,
            limits: "{ load_workers: 1, source_connections: 1, chunk_bytes: 65536 }"
        ) { fixture in
            let pilot = try fixture.load("all") { $0.pilotChunks = 2 }
            #expect(pilot.isPilot && pilot.loaded.isEmpty)
            let merged = "SELECT count(*) FROM tidegate.chunk WHERE state = 'merged'"
            #expect(try BaselineFixture.rows(fixture.target, merged) == ["2"])
            #expect(try Waves(on: fixture.target.connect()).find("all").phase == .loading)
            let rest = try fixture.load("all")
            #expect(!rest.isPilot && rest.loaded == ["t"])
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
        }
    }

    @Test func aPausedWaveTakesNoChunkUntilItIsResumed() throws {
        let table = "CREATE TABLE t (id int PRIMARY KEY)"
        try withBaseline(
            tables: table + "; INSERT INTO t SELECT generate_series(1, 100)", targetTables: table,
            entities: WaveLoadTests.plain
        ) { fixture in
            let waits = Mutex<[String]>([])
            try Migrations().apply(on: fixture.target.connect())
            try Waves(on: fixture.target.connect()).pause("all", by: "op@host", reason: "backup")
            try fixture.load("all") { options in
                options.report = { event in
                    guard case .waiting(let what) = event, what.contains("op@host") else { return }
                    let isFirst = waits.withLock { waits in
                        waits.append(what)
                        return waits.count == 1
                    }
                    guard isFirst else { return }
                    #expect((try? BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t")) == ["0"])
                    #expect(throws: Never.self) { try Waves(on: fixture.target.connect()).resume("all") }
                }
            }
            #expect(waits.withLock { $0.first }?.contains("backup") == true)
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
        }
    }
}
