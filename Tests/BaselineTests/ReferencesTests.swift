import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Synchronization
import TestSupport
import Testing

/// Loads into a target whose foreign keys hold (`references: wait`), and those whose scopes depend on parents.
@Suite struct ReferencesTests {
    private static let two = """
          b_child: { from: public.child, into: public.child, key: [id], fields: same }
          a_parent: { from: public.parent, into: public.parent, key: [id], fields: same }
        """
    private static let twoWaves = "{ all: { b_child: all, a_parent: all } }"
    private static let small = "{ load_workers: 4, source_connections: 4, chunk_bytes: 65536 }"

    private func aside(_ fixture: BaselineFixture) throws -> [String] {
        try BaselineFixture.rows(
            fixture.target,
            "SELECT e.name, q.key, q.reason, q.sqlstate, q.topic FROM tidegate.quarantine q "
                + "JOIN tidegate.entity e ON e.id = entity_id ORDER BY 1, 2")
    }

    @Test func orphansAreSetAsideAndTriggersFireWhereForeignKeysHold() throws {
        try withBaseline(
            tables: """
                CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 20);
                CREATE TABLE child (id int PRIMARY KEY, parent_id int);
                INSERT INTO child SELECT i, i FROM generate_series(1, 18) i; INSERT INTO child VALUES (98, 20), (99, 77)
                """,
            targetTables: """
                CREATE TABLE parent (id int PRIMARY KEY);
                CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent);
                CREATE TABLE fired (id int);
                CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql
                    AS 'BEGIN INSERT INTO fired VALUES (NEW.id); RETURN NEW; END';
                CREATE TRIGGER fires AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION fire()
                """, entities: Self.two, waves: Self.twoWaves, references: "wait"
        ) { fixture in
            try fixture.load("all")
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM child") == ["19"])
            #expect(try aside(fixture) == ["b_child|{99}|missing-parent|23503|baseline/all"])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM fired") == ["20"])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT DISTINCT state FROM tidegate.scope") == ["live"])
        }
    }

    @Test func noChunkOfAChildIsTakenBeforeItsParentsAreMerged() throws {
        let tables = """
            CREATE TABLE parent (id int PRIMARY KEY, pad text);
            CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent, pad text);
            """
        try withBaseline(
            tables: tables + """
                INSERT INTO parent SELECT i, repeat('p', 200) FROM generate_series(1, 2000) i;
                INSERT INTO child SELECT i, 2001 - i, repeat('c', 200) FROM generate_series(1, 2000) i; ANALYZE
                """, targetTables: tables, entities: Self.two, waves: Self.twoWaves, references: "wait",
            limits: Self.small
        ) { fixture in
            try fixture.load("all")
            let order = fixture.events.withLock { events in
                events.compactMap { event -> EntityName? in
                    if case .merged(let entity, _) = event { entity } else { nil }
                }
            }
            let firstChild = order.firstIndex(of: "b_child") ?? 0
            #expect(firstChild > 3 && !order[firstChild...].contains("a_parent"), "\(order)")
            let putBack = fixture.events.withLock { events in
                events.contains { if case .putBack = $0 { true } else { false } }
            }
            #expect(!putBack)
            #expect(try aside(fixture).isEmpty)
            #expect(try fixture.isEqual("SELECT * FROM child ORDER BY id"))
        }
    }

    @Test(arguments: ["", "DEFERRABLE INITIALLY DEFERRED"]) func rowsThatPointAtLaterRowsOfTheirTable(
        _ deferral: String
    ) throws {
        let table = "CREATE TABLE t (id int PRIMARY KEY, boss int REFERENCES t \(deferral), pad text);"
        try withBaseline(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, boss int, pad text);
                INSERT INTO t SELECT i, CASE WHEN i < 1990 THEN i + 10 END, repeat('p', 200) FROM generate_series(1, 2000) i;
                UPDATE t SET boss = 1901 - id WHERE id IN (1, 1900); UPDATE t SET boss = 4711 WHERE id = 1995; ANALYZE
                """, targetTables: table, entities: WaveLoadTests.plain, references: "wait", limits: Self.small
        ) { fixture in
            try fixture.load("all")
            // 1995 points at nothing; 1985, 1975 and so on lead there.
            let lost = Set(stride(from: 5, through: 1995, by: 10).map { "t|{\($0)}|missing-parent|23503|baseline/all" })
            let found = Set(try aside(fixture))
            #expect(found == lost, "\(found.subtracting(lost).prefix(5)) \(lost.subtracting(found).prefix(5))")
            #expect(
                try fixture.isEqual(
                    "SELECT * FROM t WHERE id % 10 <> 5 ORDER BY id", onTarget: "SELECT * FROM t ORDER BY id"))
        }
    }

    private func circle(_ childKey: String, _ parentKey: String, _ body: (BaselineFixture) throws -> Void) throws {
        try withBaseline(
            tables: """
                CREATE TABLE parent (id int PRIMARY KEY, favourite int, pad text);
                CREATE TABLE child (id int PRIMARY KEY, parent_id int, pad text);
                INSERT INTO parent SELECT i, i, repeat('p', 200) FROM generate_series(1, 1200) i;
                INSERT INTO child SELECT i, i, repeat('c', 200) FROM generate_series(1, 1200) i;
                UPDATE child SET parent_id = 7777 WHERE id = 600; ANALYZE
                """,
            targetTables: """
                CREATE TABLE parent (id int PRIMARY KEY, favourite int, pad text);
                CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent \(childKey), pad text);
                ALTER TABLE parent ADD FOREIGN KEY (favourite) REFERENCES child \(parentKey)
                """, entities: Self.two, waves: Self.twoWaves, references: "wait", limits: Self.small, body)
    }

    @Test(arguments: [("DEFERRABLE", "DEFERRABLE"), ("", "DEFERRABLE"), ("DEFERRABLE INITIALLY DEFERRED", "")])
    func tablesThatPointAtEachOtherArriveTogether(_ childKey: String, _ parentKey: String) throws {
        try circle(childKey, parentKey) { fixture in
            try fixture.load("all")
            // The child without a parent, and the parent whose favourite it is.
            let aside = try aside(fixture)
            #expect(
                aside == [
                    "a_parent|{600}|missing-parent|23503|baseline/all",
                    "b_child|{600}|missing-parent|23503|baseline/all",
                ], "\(aside.prefix(5))")
            for table in ["parent", "child"] {
                #expect(
                    try fixture.isEqual(
                        "SELECT * FROM \(table) WHERE id <> 600 ORDER BY id",
                        onTarget: "SELECT * FROM \(table) ORDER BY id"))
            }
            #expect(try BaselineFixture.rows(fixture.target, "SELECT DISTINCT state FROM tidegate.scope") == ["live"])
        }
    }

    @Test func whatNoOrderCanBringIsSetAsideVisibly() throws {
        try circle("", "") { fixture in
            try fixture.load("all")
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM child") == ["0"])
            #expect(
                try BaselineFixture.rows(
                    fixture.target, "SELECT reason, count(*) FROM tidegate.quarantine GROUP BY 1") == [
                        "missing-parent|2400"
                    ])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT DISTINCT state FROM tidegate.scope") == ["live"])
        }
    }

    @Test(arguments: ["replica", "wait"]) func aFileOfChildrenComesAfterThatOfTheirParents(_ references: String) throws
    {
        let tables = "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, parent_id int);"
        try withBaseline(
            tables: tables, targetTables: tables, entities: Self.two,
            waves: "{ all: { b_child: via a_parent on parent_id, a_parent: \"id <= 50\" } }", references: references
        ) { fixture in
            let folder = try FileManager.default.url(
                for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(fileURLWithPath: "/tmp"),
                create: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let parents = (1...100).map { "\($0)\n" }.joined()
            let children = (1...100).map { "\($0),\($0)\n" }.joined()
            try Data("id\n\(parents)".utf8).write(to: folder.appendingPathComponent("a_parent.csv"))
            try Data("id,parent_id\n\(children)".utf8).write(to: folder.appendingPathComponent("b_child.csv"))
            try fixture.load("all") { options in
                options.source = nil
                options.origin = .csv
                options.folder = folder.path
            }
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*) FROM parent") == ["50"])
            #expect(try BaselineFixture.rows(fixture.target, "SELECT count(*), max(id) FROM child") == ["50|50"])
        }
    }

    @Test func whatAFieldLooksUpIsThereFirst() throws {
        let entities = """
              b_child:
                from: public.child
                into: public.child
                key: [id]
                fields: { id: id, parent_id: "(SELECT p.id FROM parent p WHERE p.code = child.code)" }
              a_parent: { from: public.parent, into: public.parent, key: [id], fields: same }
            """
        try withBaseline(
            tables: """
                CREATE TABLE parent (id int PRIMARY KEY, code text, pad text);
                CREATE TABLE child (id int PRIMARY KEY, code text);
                INSERT INTO parent SELECT i, 'c' || i, repeat('p', 200) FROM generate_series(1, 2000) i;
                INSERT INTO child SELECT i, 'c' || i FROM generate_series(1, 2000) i; ANALYZE
                """,
            targetTables: """
                CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE, pad text);
                CREATE TABLE child (id int PRIMARY KEY, parent_id int)
                """, entities: entities, waves: Self.twoWaves, limits: Self.small
        ) { fixture in
            try fixture.load("all")
            #expect(
                try BaselineFixture.rows(fixture.target, "SELECT count(*), count(parent_id) FROM child")
                    == ["2000|2000"])
        }
    }
}
