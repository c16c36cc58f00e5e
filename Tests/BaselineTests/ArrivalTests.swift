import Baseline
import Ledger
import LibPQ
import Model
import Synchronization
import TestSupport
import Testing

/// B3: a chunk counts when all of it has arrived, and else for nothing.
@Suite struct ArrivalTests {
    private static let guarded = "CREATE FUNCTION passes(id bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'"

    @Test func b3ARetryRestartsItsChunkAndCountsAllOfItsRows() throws {
        // The read breaks off after two thirds of the rows, for as long as the table says.
        let breaking = """
            CREATE TABLE broken (yes boolean);
            INSERT INTO broken VALUES (true);
            CREATE FUNCTION passes(id bigint) RETURNS boolean LANGUAGE plpgsql AS $$
            BEGIN
                IF id = 2000 AND EXISTS (SELECT FROM broken) THEN
                    RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'broken off';
                END IF;
                RETURN true;
            END $$;
            """
        let table = "CREATE TABLE t (id bigint PRIMARY KEY, pad text);"
        try withBaseline(
            tables: breaking + table + "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i",
            targetTables: Self.guarded + ";" + table, entities: WaveLoadTests.plain,
            waves: "{ all: { t: passes(id) } }", limits: "{ load_workers: 1, source_connections: 1 }"
        ) { fixture in
            let afterTheBreak = Mutex<[String]>([])
            try fixture.load("all") { options in
                let report = options.report
                options.report = { event in
                    report(event)
                    guard case .putBack = event else { return }
                    let rows = try? BaselineFixture.rows(
                        fixture.target,
                        """
                        SELECT (SELECT count(*) FROM t), state, rows, digest, (SELECT count(*) FROM tidegate.reread)
                        FROM tidegate.chunk
                        """)
                    afterTheBreak.withLock { $0 += rows ?? ["unknown"] }
                    _ = try? fixture.source.connect().execute("DELETE FROM broken")
                }
            }
            #expect(afterTheBreak.withLock { $0 } == ["0|planned|-|-|0"])
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
            #expect(
                try BaselineFixture.rows(
                    fixture.target, "SELECT attempt, state, rows, digest <> '0' FROM tidegate.chunk")
                    == ["2|merged|3000|t"])
            // The same rows in another order and by another way have the same digest.
            let first = try BaselineFixture.rows(fixture.target, "SELECT digest FROM tidegate.chunk")
            try fixture.target.connect().execute(
                "DELETE FROM tidegate.chunk; DELETE FROM tidegate.scope; DELETE FROM t")
            try fixture.source.connect().execute("UPDATE t SET pad = pad WHERE id % 2 = 0")
            try fixture.load("all")
            #expect(
                try BaselineFixture.rows(fixture.target, "SELECT attempt, digest FROM tidegate.chunk") == [
                    "1|\(first[0])"
                ])
        }
    }

    @Test func b3AChunkOfWhichLessArrivesThanWasReadDoesNotCount() throws {
        let table = "CREATE TABLE t (id bigint PRIMARY KEY);"
        try withBaseline(
            tables: table + "INSERT INTO t SELECT generate_series(1, 100)",
            targetTables: table + """
                CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                CREATE TRIGGER swallows BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.id = 50) EXECUTE FUNCTION swallow()
                """, entities: WaveLoadTests.plain, references: "wait"
        ) { fixture in
            let error = #expect(throws: BaselineError.self) { try fixture.load("all") }
            #expect(error?.code == .mismatch)
            #expect(error?.message.contains("sent 100 rows") == true && error?.message.contains("99 arrived") == true)
            let left = try BaselineFixture.rows(
                fixture.target, "SELECT (SELECT count(*) FROM t), state, rows FROM tidegate.chunk")
            #expect(left == ["0|planned|-"])
        }
    }
}
