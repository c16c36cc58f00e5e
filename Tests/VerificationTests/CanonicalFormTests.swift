import Ledger
import LibPQ
import Model
import StreamSupport
import TestSupport
import Testing
import Verification

/// Which values are equal, whatever types and spellings the two sides have.
@Suite(.serialized) struct CanonicalFormTests {
    /// Column, source type, target type, values of the source.
    static let pairs: [(name: String, source: String, target: String, values: [String])] = [
        ("number", "numeric", "numeric", ["1.0", "1e10", "'NaN'"]),
        ("price", "numeric(10,2)", "numeric(12,4)", ["1.5", "-0.01", "99999999.99"]),
        ("single", "real", "double precision", ["0.1", "'-0'", "'Infinity'"]),
        ("double", "double precision", "double precision", ["0.1", "1e300", "'NaN'"]),
        ("whole", "int", "bigint", ["1", "-1", "NULL"]),
        ("zoned", "timestamptz", "timestamptz", ["'2026-03-29 02:30:00+02'", "'infinity'", "NULL"]),
        ("local", "timestamp", "timestamp(3)", ["'2026-03-29 02:30:00.1236'", "'1900-01-01'", "NULL"]),
        ("day", "date", "date", ["'2026-02-28'", "'0044-03-15 BC'", "'infinity'"]),
        ("hour", "time", "time", ["'23:59:59.999999'", "'00:00'", "NULL"]),
        ("document", "json", "json", ["'{\"b\": 1,  \"a\": [1, 2]}'", "'\"\\u0000\"'", "'null'"]),
        ("parsed", "jsonb", "jsonb", ["'{\"b\": 1.50, \"a\": null}'", "'[]'", "NULL"]),
        ("turned", "json", "jsonb", ["'{\"z\":1,\"y\":{\"x\":2}}'", "'1'", "NULL"]),
        ("padded", "char(6)", "text", ["'ab'", "''", "NULL"]),
        ("fixed", "char(6)", "char(6)", ["'ab'", "''", "NULL"]),
        ("varying", "varchar(10)", "text", ["'Straße'", "''", "'  x '"]),
        ("bytes", "bytea", "bytea", ["'\\x00ff'", "''", "NULL"]),
        ("list", "int[]", "int[]", ["'{1,NULL,3}'", "'{}'", "NULL"]),
        ("words", "text[]", "text[]", ["'{\"a b\",NULL,\"\"}'", "'{}'", "NULL"]),
        ("mood", "mood", "mood", ["'sad'", "'ok'", "NULL"]),
        ("moody", "mood", "text", ["'sad'", "'ok'", "NULL"]),
        ("span", "interval", "interval", ["'03:04:05.6'", "'-05:00:00'", "NULL"]),
        ("name", "uuid", "uuid", ["'0d6a5c5e-1111-2222-3333-444455556666'", "NULL", "NULL"]),
        ("yes", "boolean", "boolean", ["true", "false", "NULL"]),
        ("place", "inet", "inet", ["'10.0.0.1/8'", "'::1'", "NULL"]),
    ]

    private func withPairs(_ body: (StreamedFixture) throws -> Void) throws {
        let mood = "CREATE TYPE mood AS ENUM ('ok', 'sad');"
        func columns(_ type: (_ pair: (name: String, source: String, target: String, values: [String])) -> String)
            -> String
        {
            Self.pairs.map { "\($0.name) \(type($0))" }.joined(separator: ", ")
        }
        let rows = (0..<3).map { row in
            "INSERT INTO t VALUES (\(row), \(Self.pairs.map { $0.values[row] }.joined(separator: ", ")));"
        }
        try withStream(
            tables: "\(mood) CREATE TABLE t (id int PRIMARY KEY, \(columns(\.source))); \(rows.joined()) ANALYZE t",
            targetTables:
                "CREATE TYPE filler AS ENUM ('x'); \(mood) CREATE TABLE t (id bigint PRIMARY KEY, \(columns(\.target)))",
            entities: LiveVerificationTests.entity, waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            try body(fixture)
        }
    }

    @Test(
        "V2: one canonical form: scale, zone, key order, padding and float text make no difference, whatever the types")
    func v2() throws {
        try withPairs { fixture in
            #expect(try fixture.verify().entities[0].summary.suspects == 0, "as it was loaded")
            let target = try fixture.target.connect()
            // As the stream brings it.
            try Connection(fixture.source, applicationName: "test").execute(
                "UPDATE t SET whole = coalesce(whole, 0) + 1")
            try fixture.drain()
            let streamed = try fixture.verify()
            #expect(
                streamed.verdict == .equal && streamed.entities[0].summary.suspects == 0, "\(streamed.entities[0].rows)"
            )
            // The same values in other spellings.
            try target.execute(
                """
                UPDATE t SET number = 1.000 WHERE number = 1;
                UPDATE t SET single = '0' WHERE single = 0;
                UPDATE t SET document = '{"a":[1,2],"b":1}' WHERE id = 0;
                UPDATE t SET padded = trim(padded), fixed = 'ab    ' WHERE id = 0
                """)
            let spelled = try fixture.verify()
            #expect(spelled.verdict == .equal && spelled.entities[0].summary.suspects == 0, "\(spelled.keys())")
        }
    }

    /// A value of row 0 that is not the same as the source's.
    static let others: [String: String] = [
        "number": "1.0001", "price": "1.5001", "single": "0.1", "double": "0.10000000000000002", "whole": "NULL",
        "zoned": "'2026-03-29 00:30:00.000001Z'", "local": "'2026-03-29 02:30:00.125'", "day": "'2026-02-27'",
        "hour": "'23:59:59.999998'", "document": "'{\"b\": 1, \"a\": [2, 1]}'", "parsed": "'{\"b\": 1.50}'",
        "turned": "'{\"z\":1,\"y\":{\"x\":\"2\"}}'", "padded": "' ab'", "fixed": "NULL", "varying": "''",
        "bytes": "'\\x01ff'", "list": "'{1,3,NULL}'", "words": "'{\"a b\",\"NULL\",\"\"}'", "mood": "'ok'",
        "moody": "'SAD'", "span": "'03:04:05.7'", "name": "NULL", "yes": "NULL", "place": "'10.0.0.1'",
    ]

    @Test func theSmallestDifferenceOfEachTypeIsFound() throws {
        try withPairs { fixture in
            let target = try fixture.target.connect()
            for pair in Self.pairs {
                let other = try #require(Self.others[pair.name])
                try target.execute(
                    "CREATE TABLE kept AS SELECT * FROM t; UPDATE t SET \(pair.name) = \(other) WHERE id = 0")
                let rows = try fixture.verify().entities[0].rows
                #expect(rows == [DriftedRow(key: ["0"], kind: .different, fields: [pair.name])])
                try target.execute("DELETE FROM t; INSERT INTO t SELECT * FROM kept; DROP TABLE kept")
            }
            #expect(try fixture.verify().verdict == .equal)
        }
    }

    @Test func tolerancesAreDeclaredPrintedAndNoWider() throws {
        try withStream(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, balance numeric(10,4), name text, email text);
                INSERT INTO t SELECT i, 10, 'ann', 'ann@x.org' FROM generate_series(1, 6) i
                """,
            targetTables: "CREATE TABLE t (id int PRIMARY KEY, balance numeric(10,4), name text, email text)",
            entities: """
                  t:
                    from: public.t
                    into: public.t
                    key: [id]
                    fields:
                      id: id
                      balance: { from: balance, tolerance: 0.01 }
                      name: { from: name, tolerance: trim }
                      email: { from: email, tolerance: case }
                """, waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            let target = try fixture.target.connect()
            try target.execute(
                """
                UPDATE t SET balance = 10.0099 WHERE id = 1; UPDATE t SET balance = 10.0101 WHERE id = 2;
                UPDATE t SET name = ' ann ' WHERE id = 3; UPDATE t SET name = 'a nn' WHERE id = 4;
                UPDATE t SET email = 'Ann@X.org' WHERE id = 5; UPDATE t SET email = ' ann@x.org' WHERE id = 6
                """)
            let outcome = try fixture.verify()
            #expect(outcome.keys() == [.different: ["2", "4", "6"]])
            #expect(outcome.tolerances == ["t.balance: 0.01", "t.name: trim", "t.email: case"])
            let certified = try target.query("SELECT DISTINCT tolerances::text FROM tidegate.certificate").scalar
            #expect(certified == #"{"name": "trim", "email": "case", "balance": "0.01"}"#)
        }
    }
}
