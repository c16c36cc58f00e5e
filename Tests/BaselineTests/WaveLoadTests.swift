import Baseline
import Ledger
import LibPQ
import Model
import Synchronization
import TestSupport
import Testing

@Suite struct WaveLoadTests {
    static let plain = "  t: { from: public.t, into: public.t, key: [id], fields: same }"

    @Test(arguments: [0, 1, 5_000]) func anyNumberOfRowsArrives(rows: Int) throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (id bigint PRIMARY KEY, name text, amount numeric(12,2), at timestamptz);
                INSERT INTO t SELECT i * 7, repeat('x', 200) || i, i / 3.0, now() FROM generate_series(1, \(rows)) i;
                ANALYZE t
                """,
            targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, name text, amount numeric(12,2), at timestamptz)",
            entities: Self.plain, limits: "{ load_workers: 2, source_connections: 2, chunk_bytes: 65536 }"
        ) { fixture in
            let outcome = try fixture.load("all")
            #expect(outcome.loaded == ["t"])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t") == ["\(rows)"])
            if rows > 0 { #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id")) }
            let status = try Status(on: fixture.target.connect())
            #expect(status.scopes.first?.state == "live" && status.scopes.first?.rows == rows)
            if rows == 5_000 { #expect((status.scopes.first?.chunks ?? 0) > 5) }
        }
    }

    @Test func noChunkIsReadBeforeTheSlotBringsEverything() throws {
        try withBaseline(
            tables: "CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10)",
            targetTables: "CREATE TABLE t (id bigint PRIMARY KEY)", entities: Self.plain
        ) { fixture in
            try fixture.close()
            let waitedFor = Mutex<[String]>([])
            try fixture.load("all") { options in
                options.report = { event in
                    switch event {
                    case .waiting(let what):
                        if waitedFor.withLock({ $0.isEmpty }) { try? fixture.makeSlot() }
                        waitedFor.withLock { $0.append(what) }
                    case .planned: #expect(waitedFor.withLock { !$0.isEmpty })
                    default: break
                    }
                }
            }
            #expect(waitedFor.withLock { $0.first }?.contains(fixture.slot) == true)
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t") == ["10"])
        }
    }

    @Test func mappedRowsGoByTheStage() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (id bigint PRIMARY KEY, first text, last text);
                INSERT INTO t SELECT i, 'f' || i, 'l' || i FROM generate_series(1, 1000) i
                """,
            targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, full_name text NOT NULL, seen int DEFAULT 7)",
            entities: """
                  t:
                    from: public.t
                    into: public.t
                    key: [id]
                    fields: { id: id, full_name: "first || ' ' || last" }
                """
        ) { fixture in
            try fixture.load("all")
            #expect(
                try fixture.isEqual(
                    "SELECT id, first || ' ' || last, 7 FROM t ORDER BY id",
                    onTarget: "SELECT id, full_name, seen FROM t ORDER BY id"))
        }
    }

    @Test func compositeKeysAreCutBetweenAnyTwoRows() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (tenant int, no bigint, pad text, PRIMARY KEY (tenant, no));
                INSERT INTO t SELECT i % 3, i, repeat('p', 100) FROM generate_series(1, 4000) i; ANALYZE t
                """,
            targetTables: "CREATE TABLE t (tenant int, no bigint, pad text, PRIMARY KEY (tenant, no))",
            entities: "  t: { from: public.t, into: public.t, key: [tenant, no], fields: same }",
            limits: "{ load_workers: 2, source_connections: 2, chunk_bytes: 65536 }"
        ) { fixture in
            try fixture.load("all")
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY tenant, no"))
            #expect(try Status(on: fixture.target.connect()).scopes.first?.handover == "snapshot")
        }
    }

    @Test func wavesTakeTheirRowsOneAfterTheOther() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, region text);
                INSERT INTO t SELECT i, CASE WHEN i % 3 = 0 THEN 'EU' ELSE 'US' END FROM generate_series(1, 300) i;
                CREATE TABLE line (id int PRIMARY KEY, t_id int REFERENCES t, pad text);
                INSERT INTO line SELECT i, i % 300 + 1, 'l' FROM generate_series(1, 900) i
                """,
            targetTables: """
                CREATE TABLE t (id int PRIMARY KEY, region text);
                CREATE TABLE line (id int PRIMARY KEY, t_id int REFERENCES t, pad text)
                """,
            entities: """
                  t: { from: public.t, into: public.t, key: [id], fields: same }
                  line: { from: public.line, into: public.line, key: [id], fields: same }
                """,
            waves: "{ eu: { t: \"region = 'EU'\", line: via t on t_id }, rest: { t: all, line: all } }"
        ) { fixture in
            try fixture.load("eu")
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t") == ["100"])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM line") == ["300"])
            try fixture.load("rest")
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
            #expect(try fixture.isEqual("SELECT * FROM line ORDER BY id"))
            let again = try fixture.load("rest")
            #expect(again.loaded.isEmpty && Set(again.alreadyLive) == ["t", "line"])
        }
    }

    @Test func aPlanSurvivesStatisticsThatCannotBe() throws {
        let table = "CREATE TABLE t (id bigint PRIMARY KEY, pad text);"
        for (pages, rows) in [("1", "3e38"), ("-1", "-1"), ("2147483647", "1e-30")] {
            try withBaseline(
                tables: table + """
                    INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(1, 2000) i;
                    SET allow_system_table_mods = on; ALTER TABLE t SET (autovacuum_enabled = false);
                    UPDATE pg_class SET relpages = \(pages), reltuples = \(rows) WHERE oid = 't'::regclass
                    """,
                targetTables: table, entities: Self.plain,
                limits: "{ load_workers: 1, source_connections: 1, chunk_bytes: 65536 }"
            ) { fixture in
                try fixture.load("all")
                #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
            }
        }
    }

    @Test func aRelationOfUnknownSizeIsCutByItsRows() throws {
        let table = "CREATE TABLE t (id bigint PRIMARY KEY, pad text);"
        try withBaseline(
            tables: "CREATE TABLE r (id bigint PRIMARY KEY, pad text); CREATE VIEW t AS SELECT * FROM r; "
                + "INSERT INTO r SELECT i, 'x' FROM generate_series(1, 2000) i",
            targetTables: table, entities: Self.plain, connector: ", message.key.columns: \"public.t:id\"",
            limits: "{ load_workers: 1, source_connections: 1, chunk_bytes: 65536 }"
        ) { fixture in
            try fixture.load("all")
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
            let chunks = try Status(on: fixture.target.connect()).scopes.first?.chunks ?? 0
            #expect(chunks > 1 && chunks < 50)
        }
    }

    @Test func b5RowsThatNobodyLoadedAreRefusedWithTheirNumber() throws {
        try withBaseline(
            tables: "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)",
            targetTables: "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 42)",
            entities: Self.plain
        ) { fixture in
            let error = #expect(throws: BaselineError.self) { try fixture.load("all") }
            #expect(error?.code == .unknownRows && error?.message.contains("42 rows") == true)
            let kept = try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t")
            #expect(kept == ["42"])
        }
    }

    @Test func rowsThatTheTargetRefusesAreSetAsideAndTheRestArrives() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, code text);
                INSERT INTO t SELECT i, 'c' || i FROM generate_series(1, 500) i;
                UPDATE t SET code = 'far too long' WHERE id IN (17, 18, 400)
                """,
            targetTables: "CREATE TABLE t (id int PRIMARY KEY, code text CHECK (length(code) < 8))",
            entities: Self.plain
        ) { fixture in
            try fixture.load("all")
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t") == ["497"])
            #expect(
                try BaselineFixture.rows(
                    fixture.target, "SELECT key, sqlstate, topic FROM tidegate.quarantine ORDER BY key")
                    == ["{17}|23514|baseline/all", "{18}|23514|baseline/all", "{400}|23514|baseline/all"])
        }
    }

    /// Also of an entity whose rows could be copied as they are.
    @Test func rowsWithAKnownDefectAreSetAside() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, code text);
                INSERT INTO t SELECT i, CASE i % 100 WHEN 7 THEN NULL ELSE 'c' END FROM generate_series(1, 500) i
                """,
            targetTables: "CREATE TABLE t (id int PRIMARY KEY, code text)",
            entities: """
                  t:
                    from: public.t
                    into: public.t
                    key: [id]
                    fields: same
                    defects: { no-code: { where: "code IS NULL", action: quarantine } }
                """
        ) { fixture in
            try fixture.load("all")
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t") == ["495"])
            #expect(
                try BaselineFixture.rows(fixture.target, "SELECT reason, count(*) FROM tidegate.quarantine GROUP BY 1")
                    == ["no-code|5"])
        }
    }

    @Test func rowsThatClashAreTriedAgainAtTheEndAndThenSetAside() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, code text);
                INSERT INTO t SELECT i, 'c' || i FROM generate_series(1, 500) i;
                UPDATE t SET code = 'c17' WHERE id = 300
                """,
            targetTables: "CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE)", entities: Self.plain
        ) { fixture in
            try fixture.load("all")
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM t") == ["499"])
            #expect(
                try BaselineFixture.rows(
                    fixture.target, "SELECT sqlstate, count(*) FROM tidegate.quarantine GROUP BY 1")
                    == ["23505|1"])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM tidegate.reread") == ["0"])
            #expect(try Status(on: fixture.target.connect()).scopes.first?.state == "live")
        }
    }

    @Test func b7TextKeysThatSortDifferentlyArriveOnce() throws {
        try withBaseline(
            tables: """
                CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = true);
                CREATE TABLE t (id text COLLATE folded PRIMARY KEY, pad text);
                INSERT INTO t SELECT CASE i % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'B' WHEN 2 THEN 'ä' ELSE 'Z' END || i,
                    repeat('p', 100) FROM generate_series(1, 4000) i; ANALYZE t
                """,
            targetTables: "CREATE TABLE t (id text COLLATE \"C\" PRIMARY KEY, pad text)", entities: Self.plain,
            limits: "{ load_workers: 2, source_connections: 2, chunk_bytes: 65536 }"
        ) { fixture in
            try fixture.load("all")
            #expect(try Status(on: fixture.target.connect()).scopes.first?.handover == "touched")
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id COLLATE \"C\""))
        }
    }
}
