import Baseline
import LibPQ
import Model
import TestSupport
import Testing

/// A baseline makes rows whoever owns them, and changes of them only what the source owns.
@Suite struct OwnershipLoadTests {
    private let ddl = "CREATE TABLE t (id bigint PRIMARY KEY, region text, note text, price int)"

    private func withItems(_ fields: String, _ rules: String, _ body: (BaselineFixture) throws -> Void) throws {
        try withBaseline(
            tables: """
                \(ddl); INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END, 'n' || i, i
                FROM generate_series(1, 100) i; ANALYZE t
                """,
            targetTables: ddl, entities: "  t: { from: public.t, into: public.t, key: [id], fields: \(fields) }",
            waves: "{ first: { t: \"id <= 50\" }, rest: { t: all } }",
            ownership: "{ rules: [ \(rules) ] }", body)
    }

    private func rows(_ fixture: BaselineFixture, _ condition: String) throws -> [String] {
        try BaselineFixture.rows(fixture.target, "SELECT * FROM t WHERE \(condition) ORDER BY id")
    }

    @Test func fieldsOfTheTargetAreSeededOnceUnlessToldNot() throws {
        let fields = "{ id: id, region: region, note: { from: note, seed: never }, price: price }"
        try withItems(fields, "{ entity: t, fields: [note, price], owner: target }") { fixture in
            try fixture.load("first")
            #expect(try rows(fixture, "id <= 2") == ["1|US|-|1", "2|EU|-|2"])
            try fixture.target.connect().execute("UPDATE t SET note = 'theirs', price = 0 WHERE id = 1")
            try fixture.source.connect().execute("UPDATE t SET region = 'AP', price = 7 WHERE id = 1")
            try fixture.load("rest")
            #expect(try rows(fixture, "id IN (1, 60)") == ["1|AP|theirs|0", "60|EU|-|60"])
        }
    }

    @Test func rowsOfTheTargetAreMadeOnceAndThenLeftAlone() throws {
        try withItems("same", "{ entity: t, where: \"region = 'EU'\", owner: target }") { fixture in
            try fixture.load("first")
            #expect(try rows(fixture, "true").count == 50)
            let target = try fixture.target.connect()
            try target.execute(
                "UPDATE t SET note = 'theirs' WHERE id IN (1, 2); INSERT INTO t VALUES (500, 'EU', 'x', 1)")
            try fixture.load("rest")
            #expect(
                try rows(fixture, "id IN (1, 2, 60, 500)") == [
                    "1|US|n1|1", "2|EU|theirs|2", "60|EU|n60|60", "500|EU|x|1",
                ])
            #expect(try rows(fixture, "true").count == 101)
        }
    }
}
