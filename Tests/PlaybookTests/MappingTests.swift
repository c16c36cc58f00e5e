import ChangeEvents
import LibPQ
import Model
import Playbook
import TestSupport
import Testing

/// What expressions depend on, what types the stage takes, how values are masked.
@Suite struct MappingTests {
    private func compile(
        _ entity: String, rest: String = "", _ source: Connection?, _ target: Connection
    ) throws -> CompiledPlaybook {
        let text = "playbook: t\ntarget: { postgres: x }\nentities:\n\(entity)\n\(rest)"
        return try CompiledPlaybook.compile(Playbook(parsing: text, file: "t.yaml"), source: source, target: target)
    }

    private func dependencies(_ entity: CompiledEntity, _ column: String) -> [String] {
        let names = entity.sourceColumns.map(\.name)
        return entity.fields.first { $0.column == column }?.dependencies.columns.map { names[$0] } ?? []
    }

    @Test func dependenciesAreWhatPostgreSQLSays() throws {
        let source = "CREATE TABLE s (id int PRIMARY KEY, a text, b text, c text, \"user\" text, \"A b\" text)"
        let target = """
            CREATE TABLE lookup (id int PRIMARY KEY, a text, code text);
            CREATE TABLE t (id int PRIMARY KEY, f1 text, f2 text, f3 text, f4 text, f5 text, f6 text, f7 text);
            """
        try ShopSchema.with(source: source, target: target) { source, target in
            let compiled = try compile(
                """
                  s:
                    from: s
                    into: t
                    fields:
                      id: id
                      f1: "(SELECT l.code FROM lookup l WHERE l.a = s.a AND b IS NOT NULL)"
                      f2: "to_jsonb(s)::text -- the whole row"
                      f3: user
                      f4: '"A b"'
                      f5: "'constant'"
                      f6: c
                      f7: "a || b"
                    defects:
                      first: { where: "b = 'x'", set: { c: "upper(a)" } }
                      second: { where: "c = 'y'", set: { a: "'z'" } }
                """, source, target)
            let entity = try #require(compiled["s"])
            #expect(dependencies(entity, "f1") == ["a", "b", "c"])
            #expect(dependencies(entity, "f2") == ["id", "a", "b", "c", "user", "A b"])
            #expect(dependencies(entity, "f3") == ["user"])
            #expect(dependencies(entity, "f4") == ["A b"])
            #expect(dependencies(entity, "f5") == [])
            #expect(dependencies(entity, "f6") == ["a", "b", "c"])
            #expect(dependencies(entity, "f7") == ["a", "b", "c"])
            let sql = entity.statements
            try target.execute(
                "BEGIN; INSERT INTO lookup VALUES (1, 'a', 'found'); \(sql.createStage); "
                    + "INSERT INTO \(sql.stage) (id, a, b, c, \"user\") VALUES (1, 'a', 'x', 'c', 'me')")
            try target.query(#require(sql.upsert(present: entity.allColumns)), [0])
            try target.execute("COMMIT")
            let row = try #require(target.query("SELECT f1, f3, f5, f6, f7 FROM t").rows.first)
            #expect((0..<5).map { row[$0] } == ["found", "me", "constant", "A", "ax"])
        }
    }

    @Test func stageTakesEveryTextOfTheSource() throws {
        let source = """
            CREATE TYPE colour AS ENUM ('red', 'green'); CREATE DOMAIN positive AS numeric(8,2) CHECK (VALUE > 0);
            CREATE DOMAIN narrow AS positive; CREATE TYPE pair AS (x int, y int); CREATE EXTENSION hstore;
            CREATE TABLE s (id int PRIMARY KEY, e colour, es colour[], d positive, n narrow, p pair, h hstore,
                v varchar(5), c char(5), b bit(3), vb varbit(9), bs bit(3)[], t timestamp(3), r int4range, i interval);
            """
        let target = """
            CREATE TYPE colour AS ENUM ('red', 'green', 'blue'); CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext;
            CREATE TABLE t (id int PRIMARY KEY, e colour, es colour[], d numeric(8,2), n numeric, p text, h ext.hstore,
                v varchar(5), c char(5), b bit(3), vb varbit(9), bs bit(3)[], t timestamp, r int4range, i interval);
            """
        try ShopSchema.with(source: source, target: target) { source, target in
            let compiled = try compile("  s: { from: s, into: t, fields: same }", source, target)
            let entity = try #require(compiled["s"])
            #expect(
                entity.statements.createStage.contains(
                    """
                    "e" text, "es" text[], "d" numeric, "n" numeric, "p" text, "h" ext.hstore, "v" character varying, \
                    "c" bpchar, "b" bit(3), "vb" bit varying, "bs" bit(3)[], "t" timestamp without time zone, \
                    "r" int4range, "i" interval
                    """), "\(entity.statements.createStage)")
            let types = entity.sourceColumns.map(\.type)
            #expect(types[1].isEnumeration && types[2].isEnumeration && types[2].isArray)
            #expect(types[3].description == "numeric(8,2)" && types[4].description == "numeric(8,2)")
            #expect(types[6].name == "hstore")
            let sql = entity.statements
            try target.execute("BEGIN; \(sql.createStage)")
            try target.execute(
                """
                INSERT INTO \(sql.stage) (id, e, es, d, h, v, c, b, bs) VALUES
                (1, 'red', '{red,NULL,green}', '1.50', 'a=>1', 'abcde', 'ab   ', '101', '{101}')
                """)
            try target.query(#require(sql.upsert(present: entity.allColumns)), [0])
            try target.execute("COMMIT")
            #expect(
                try target.query("SELECT es::text || d || v || bs::text FROM t").scalar
                    == "{red,NULL,green}1.50abcde{101}")
            // A value that is too long is refused, not cut off in silence.
            try target.execute("BEGIN; INSERT INTO \(sql.stage) (id, v) VALUES (2, 'abcdef')")
            let error = #expect(throws: PostgresError.self) {
                try target.query(#require(sql.upsert(present: entity.allColumns)), [0])
            }
            #expect(error?.sqlState == "22001")
            try target.execute("ROLLBACK")
        }
    }

    /// ACCEPTANCE A17.
    @Test func a17TypesThatCannotWorkFailAtTheCheck() throws {
        let types = [
            "text[]", "bytea", "inet", "int4range", "bit(3)", "varbit(5)", "interval", "jsonb", "uuid", "money", "xml",
            "point", "macaddr", "tsvector", "numeric(5,2)[]", "timestamptz(3)", "timetz", "cidr", "oid", "name",
        ]
        let columns = types.enumerated().map { "c\($0) \($1)" }.joined(separator: ", ")
        let table = "CREATE TABLE s (id int PRIMARY KEY, \(columns));"
        try ShopSchema.with(source: table, target: table) { source, target in
            let compiled = try compile("  s: { from: s, into: s, fields: same }", source, target)
            #expect(compiled["s"]?.fields.count == types.count + 1)
            #expect(compiled["s"]?.isPlainCopy == true)
            // Each type against the next that nothing converts it to.
            let pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 6), (6, 8), (7, 3), (8, 9), (10, 11)]
            for (from, to) in pairs {
                let marked = Marked(
                    "playbook: t\ntarget: { postgres: x }\nentities:\n"
                        + "  s: { from: s, into: s, key: [id], fields: { id: id, c\(to): ⟦c\(from) } }\n")
                let error = #expect(throws: PlaybookError.self, "\(types[from]) into \(types[to])") {
                    try CompiledPlaybook.compile(
                        Playbook(parsing: marked.text, file: "test.yaml"), source: source, target: target)
                }
                marked.expect(.typeMismatch, in: error?.findings ?? [])
            }
        }
    }

    @Test func masksHideValues() throws {
        let table = "CREATE TABLE s (id int PRIMARY KEY, a text, b text, c text, d text, e text)"
        let target = "CREATE TABLE t (id int PRIMARY KEY, a text, b text, c text, d text, e uuid)"
        try ShopSchema.with(source: table, target: target) { source, target in
            let compiled = try compile(
                """
                  s:
                    from: s
                    into: t
                    fields:
                      id: id
                      a: { from: a, mask: hmac }
                      b: { from: b, mask: redact }
                      c: { from: c, mask: null }
                      d: { from: d, mask: "left(d, 2) || '…'" }
                      e: { from: e, mask: hmac }
                """, rest: "masking: { key: Jefe }", source, target)
            let entity = try #require(compiled["s"])
            let sql = entity.statements
            let upsert = try #require(sql.upsert(present: entity.allColumns))
            #expect(!upsert.contains("Jefe"))
            try target.execute(sql.createStage)
            let rows =
                "INSERT INTO \(sql.stage) VALUES (1, 'what do ya want for nothing?', 'b', 'c', 'secret', 'e'), (2, NULL, NULL, NULL, NULL, NULL)"
            try target.execute("BEGIN; \(rows)")
            #expect(throws: PostgresError.self) { try target.query(upsert, [0]) }
            try target.execute("ROLLBACK")
            for (name, value) in try compiled.sessionSettings() {
                try target.query("SELECT set_config($1, $2, false)", [.text(name), .text(value.reveal())])
            }
            try target.execute("BEGIN; \(rows)")
            try target.query(upsert, [0])
            try target.execute("COMMIT")
            let masked = try #require(target.query("SELECT * FROM t ORDER BY id").rows.first)
            // RFC 4231, test case 2.
            #expect(masked["a"] == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
            #expect((2...4).map { masked[$0] } == ["***", nil, "se…"])
            #expect(masked["e"]?.count == 36)
            #expect(try target.query("SELECT t::text FROM t WHERE id = 2").scalar == "(2,,,,,)")
        }
    }

    @Test func topicOnlySourceIsCompiledFromItsColumns() throws {
        try ShopSchema.with(source: "", target: "CREATE TABLE t (id bigint PRIMARY KEY, n numeric(8,2), s text)") {
            _, target in
            let compiled = try compile(
                "  s: { from: s, into: t, fields: same, columns: { n: \"numeric(8,2)\", id: bigint, s: varchar(5) } }",
                nil,
                target)
            let entity = try #require(compiled["s"])
            #expect(entity.sourceColumns.map(\.name) == ["n", "id", "s"])
            #expect(entity.sourceColumns.map(\.isKey) == [false, true, false])
            #expect(entity.sourceKey == [1])
            #expect(entity.keyOrder == .weak)
        }
    }
}
