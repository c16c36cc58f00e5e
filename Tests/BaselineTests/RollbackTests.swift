import Baseline
import Ledger
import LibPQ
import Model
import StreamSupport
import TestSupport
import Testing

/// After a rollback the target holds what it would hold if the wave had never been loaded.
@Suite struct RollbackTests {
    private static let people = """
        CREATE TABLE person (id int PRIMARY KEY, region text NOT NULL, name text);
        CREATE TABLE visit (id int PRIMARY KEY, person_id int NOT NULL REFERENCES person, note text)
        """
    private static let rows = """
        ; INSERT INTO person SELECT i, CASE WHEN i % 3 = 0 THEN 'EU' ELSE 'US' END, 'p' || i FROM generate_series(1, 300) i;
        INSERT INTO visit SELECT i, i % 300 + 1, 'n' || i FROM generate_series(1, 900) i
        """
    private static let entities = """
          person: { from: public.person, into: public.person, key: [id], fields: same }
          visit: { from: public.visit, into: public.visit, key: [id], fields: same }
        """
    private static let waves = """
        { eu: { person: "region = 'EU'", visit: via person on person_id }, rest: { person: all, visit: all } }
        """

    private static func digest(_ database: TestDatabase, _ tables: String...) throws -> [String] {
        try tables.map { table in
            try BaselineFixture.rows(
                database, "SELECT count(*), coalesce(sum(hashtextextended(t::text, 7)), 0) FROM \(table) t"
            ).joined()
        }
    }

    private static func rollback(
        _ fixture: BaselineFixture, _ wave: WaveName, _ change: (inout RollbackOptions) -> Void = { _ in }
    ) throws -> [RolledBackEntity] {
        var options = RollbackOptions(
            source: try fixture.source.connectionString, target: try fixture.target.connectionString)
        change(&options)
        return try WaveRollback(fixture.playbook, wave: wave, options: options).run()
    }

    @Test(arguments: ["replica", "wait"]) func theTargetIsAsItWasBeforeTheWave(references: String) throws {
        try withBaseline(
            tables: Self.people + Self.rows, targetTables: Self.people, entities: Self.entities, waves: Self.waves,
            references: references
        ) { fixture in
            try fixture.load("eu")
            let before = try Self.digest(fixture.target, "person", "visit")
            try fixture.load("rest")
            #expect(try Waves(on: fixture.target.connect()).find("rest").phase == .loaded)
            let after = try Self.digest(fixture.target, "person", "visit")

            let preview = try Self.rollback(fixture, "rest") { $0.isPreview = true }
            #expect(try Self.digest(fixture.target, "person", "visit") == after)
            let report = try Self.rollback(fixture, "rest")
            #expect(preview == report)
            #expect(report.map(\.deleted) == [200, 600] && report.map(\.restored) == [0, 0])
            #expect(try Self.digest(fixture.target, "person", "visit") == before)
            #expect(try Waves(on: fixture.target.connect()).find("rest").phase == .rolledBack)

            try fixture.load("rest")
            #expect(try Self.digest(fixture.target, "person", "visit") == after)
            #expect(try fixture.isEqual("SELECT * FROM visit ORDER BY id"))
        }
    }

    @Test func whatTheWaveOverwroteOrDeletedComesBackIfItWasSomebodyElses() throws {
        let table = "CREATE TABLE t (id int PRIMARY KEY, region text, name text)"
        try withBaseline(
            tables: table
                + "; INSERT INTO t SELECT i, CASE WHEN i <= 10 THEN 'EU' ELSE 'US' END, 'n' FROM generate_series(1, 20) i",
            targetTables: table, entities: WaveLoadTests.plain,
            waves: "{ eu: { t: \"region = 'EU'\" }, rest: { t: all } }"
        ) { fixture in
            try fixture.load("eu")
            try fixture.target.connect().execute(
                "INSERT INTO t VALUES (15, 'US', E'by \"hand\\\\'), (99, NULL, 'not on the source')")
            let before = try Self.digest(fixture.target, "t")
            try fixture.load("rest")
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
            let report = try Self.rollback(fixture, "rest")
            #expect(report.map(\.restored) == [2])
            #expect(try Self.digest(fixture.target, "t") == before)
        }
    }

    @Test func rowsWrittenByOthersSinceAreRefusedKeptOrDeletedAsIsSaid() throws {
        let table = "CREATE TABLE t (id int PRIMARY KEY, name text)"
        try withBaseline(
            tables: table + "; INSERT INTO t SELECT i, 'n' FROM generate_series(1, 20) i", targetTables: table,
            entities: WaveLoadTests.plain
        ) { fixture in
            try fixture.load("all")
            try fixture.target.connect().execute("UPDATE t SET name = 'theirs' WHERE id <= 3")
            let loaded = try Self.digest(fixture.target, "t")
            let error = try #require(throws: BaselineError.self) { try Self.rollback(fixture, "all") }
            #expect(error.code == .written && error.message.contains("3 of t"))
            #expect(try Self.digest(fixture.target, "t") == loaded)
            #expect(try Self.rollback(fixture, "all") { $0.isPreview = true }.first?.writtenByOthers == 3)
            #expect(
                try Self.rollback(fixture, "all") {
                    $0.isPreview = true
                    $0.written = .delete
                }.first?.deleted == 20)
            let report = try Self.rollback(fixture, "all") { $0.written = .keep }
            #expect(report.map(\.deleted) == [17] && report.map(\.kept) == [3])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT id FROM t ORDER BY id") == ["1", "2", "3"])
        }
    }

    @Test(arguments: ["replica", "wait"]) func rowsOfOtherWavesAreNotLeftWithoutTheirParents(references: String) throws
    {
        try withBaseline(
            tables: Self.people + Self.rows, targetTables: Self.people, entities: Self.entities,
            waves: "{ people: { person: all }, visits: { visit: all } }", references: references
        ) { fixture in
            try fixture.load("people")
            try fixture.load("visits")
            let before = try Self.digest(fixture.target, "person", "visit")
            let error = try #require(throws: BaselineError.self) { try Self.rollback(fixture, "people") }
            #expect(error.code == .referenced)
            #expect(try Self.digest(fixture.target, "person", "visit") == before)
            _ = try Self.rollback(fixture, "visits")
            _ = try Self.rollback(fixture, "people")
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM person") == ["0"])
        }
    }

    /// Keys whose text has to be quoted, in a table that is copied straight into the target.
    @Test func keysOfAnyTextAreInTheManifest() throws {
        let table = "CREATE TABLE t (id text COLLATE \"C\", no int, PRIMARY KEY (id, no))"
        let keys = [#"a"b"#, #"back\slash"#, "tab\tand\nline\r\u{8}\u{B}\u{C}", "", "NULL", "{x,y}", "ü 🌊", "-"]
        try withBaseline(
            tables: table, targetTables: table,
            entities: "  t: { from: public.t, into: public.t, key: [id, no], fields: same }"
        ) { fixture in
            let source = try fixture.source.connect()
            for (number, key) in keys.enumerated() {
                try source.query("INSERT INTO t VALUES ($1, $2)", [.text(key), .int(number)])
            }
            try fixture.load("all")
            let noted = "SELECT unnest(keys)::text[] AS key FROM tidegate.manifest"
            let held = "SELECT ARRAY[id, no::text] FROM t"
            #expect(
                try BaselineFixture.rows(
                    fixture.target, "SELECT count(*) FROM ((\(noted)) INTERSECT (\(held))) AS same") == [
                        "\(keys.count)"
                    ])
            #expect(try Self.rollback(fixture, "all").map(\.deleted) == [keys.count])
        }
    }

    /// Rows that left the source or the scope since, under keys that the target makes by itself.
    @Test func rowsThatHaveGoneSinceAreFoundByTheManifest() throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (code text PRIMARY KEY, region text);
                INSERT INTO t SELECT 'Key' || i, CASE WHEN i <= 6 THEN 'EU' ELSE 'US' END FROM generate_series(1, 12) i
                """,
            targetTables: "CREATE TABLE t (code text PRIMARY KEY, region text)",
            entities: """
                  t: { from: public.t, into: public.t, key: [code], fields: { code: "lower(code)", region: region } }
                """,
            waves: "{ eu: { t: \"region = 'EU'\" }, us: { t: \"region = 'US'\" } }"
        ) { fixture in
            try fixture.load("eu")
            try fixture.load("us")
            // One has gone, one belongs to the other wave now, one to none.
            try fixture.source.connect().execute(
                """
                DELETE FROM t WHERE code = 'Key7'; UPDATE t SET region = 'EU' WHERE code = 'Key8';
                UPDATE t SET region = 'AF' WHERE code = 'Key9'
                """)
            let report = try Self.rollback(fixture, "us")
            #expect(report.map(\.deleted) == [5])
            #expect(
                try BaselineFixture.rows(fixture.target, "SELECT code FROM t ORDER BY code")
                    == ["key1", "key2", "key3", "key4", "key5", "key6", "key8"])
        }
    }

    @Test func whatTheStreamHasBroughtGoesToo() throws {
        let table = "CREATE TABLE t (id int PRIMARY KEY, region text, name text)"
        try withStream(
            tables: table
                + "; INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END, 'n' FROM generate_series(1, 40) i",
            targetTables: table, entities: WaveLoadTests.plain,
            waves: "{ eu: { t: \"region = 'EU'\" }, us: { t: \"region = 'US'\" } }"
        ) { fixture in
            try fixture.load("eu")
            try fixture.load("us")
            let source = try Connection(fixture.source, applicationName: "test")
            try source.execute(
                """
                INSERT INTO t VALUES (101, 'US', 'new'), (102, 'EU', 'new'); UPDATE t SET name = 'changed' WHERE id IN (1, 2);
                DELETE FROM t WHERE id IN (3, 4); UPDATE t SET region = 'EU' WHERE id = 5
                """)
            try fixture.drain()
            var options = RollbackOptions(source: fixture.source, target: try fixture.target.connectionString)
            options.sessionSettings = []
            let report = try WaveRollback(fixture.playbook, wave: "us", options: options).run()
            #expect(
                report.map(\.deleted) == [19] && report.map(\.writtenByStream) == [2]
                    && report.map(\.writtenByOthers) == [0])
            let euOnly = "SELECT * FROM t WHERE region = 'EU'"
            #expect(try fixture.differences(euOnly, onTarget: "SELECT * FROM t") == [])

            // The wave's changes are skipped as pending from now on; the other's go on.
            try source.execute("INSERT INTO t VALUES (103, 'US', 'new'), (104, 'EU', 'new'); UPDATE t SET name = 'x'")
            try fixture.drain()
            #expect(try fixture.differences(euOnly, onTarget: "SELECT * FROM t") == [])
            try fixture.load("us")
            try fixture.drain()
            #expect(try fixture.differences("SELECT * FROM t") == [])
            #expect(try fixture.accountingHolds())
        }
    }
}
