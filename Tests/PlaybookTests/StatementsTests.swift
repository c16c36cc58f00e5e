import LibPQ
import Model
import Playbook
import TestSupport
import Testing

/// The statements as text: they depend on the entity and the columns present only.
@Suite struct StatementsTests {
    private let source = """
        CREATE TABLE items (a int, b int, name text, note text, PRIMARY KEY (b, a));
        """
    private let target = """
        CREATE SCHEMA x;
        CREATE TABLE x.item (one bigint, two bigint, label varchar(20), note text, PRIMARY KEY (one, two));
        """
    private let playbook = """
        playbook: t
        target: { postgres: x }
        entities:
          items:
            from: items
            into: x.item
            key: [one, two]
            fields: { one: a, two: b, label: "upper(name)", note: note }
            defects: { d: { where: "note = ''", set: { note: "NULL" } } }
        """

    private func entity(_ source: Connection, _ target: Connection) throws -> CompiledEntity {
        let playbook = try Playbook(parsing: self.playbook, file: "t.yaml")
        let compiled = try CompiledPlaybook.compile(playbook, source: source, target: target)
        return try #require(compiled["items"])
    }

    private let stage = """
        (SELECT "a", "b", "name", CASE WHEN (note = '') THEN CAST((NULL) AS text) ELSE "items"."note" END AS "note", \
        "_op", "_mask", "_xid", "_seq", "_partition", "_owned" FROM pg_temp."stage_items" AS "items") AS "items"
        """

    @Test func textsOfTheStatements() throws {
        try ShopSchema.with(source: source, target: target) { source, target in
            let entity = try entity(source, target)
            let sql = entity.statements
            #expect(entity.sourceKey == [0, 1])
            #expect(
                sql.createStage == """
                    CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp."stage_items" ("a" integer, "b" integer, "name" text, \
                    "note" text, "_op" "char" NOT NULL DEFAULT 'u', "_mask" integer NOT NULL DEFAULT 0, "_xid" bigint, \
                    "_seq" integer, "_partition" integer, "_owned" smallint NOT NULL DEFAULT -1) ON COMMIT DELETE ROWS
                    """)
            #expect(
                sql.copyIntoStage == """
                    COPY pg_temp."stage_items" ("a", "b", "name", "note", "_op", "_mask", "_xid", "_seq", "_partition") \
                    FROM STDIN
                    """)
            #expect(
                sql.copyRowsIntoStage == "COPY pg_temp.\"stage_items\" (\"a\", \"b\", \"name\", \"note\") FROM STDIN")
            #expect(
                sql.upsert(present: entity.allColumns) == """
                    INSERT INTO "x"."item" ("one", "two", "label", "note") OVERRIDING SYSTEM VALUE \
                    SELECT CAST("items"."a" AS bigint), CAST("items"."b" AS bigint), \
                    CAST((upper(name)) AS character varying), "items"."note" FROM \(stage) \
                    WHERE "items"."_op" = 'u' AND "items"."_mask" = $1 ON CONFLICT ("one", "two") \
                    DO UPDATE SET "label" = EXCLUDED."label", "note" = EXCLUDED."note"
                    """)
            #expect(
                sql.upsert(present: entity.keyColumns) == """
                    INSERT INTO "x"."item" ("one", "two") OVERRIDING SYSTEM VALUE \
                    SELECT CAST("items"."a" AS bigint), CAST("items"."b" AS bigint) FROM \(stage) \
                    WHERE "items"."_op" = 'u' AND "items"."_mask" = $1 ON CONFLICT ("one", "two") DO NOTHING
                    """)
            #expect(sql.upsert(present: ColumnSet([0, 2])) == nil)
            #expect(sql.update(present: entity.keyColumns) == nil)
            #expect(
                sql.update(present: ColumnSet([0, 1, 2])) == """
                    UPDATE "x"."item" AS t SET "label" = s.f0 FROM (SELECT CAST("items"."a" AS bigint) AS k0, \
                    CAST("items"."b" AS bigint) AS k1, CAST((upper(name)) AS character varying) AS f0 FROM \(stage) \
                    WHERE "items"."_op" = 'u' AND "items"."_mask" = $1) AS s WHERE t."one" = s.k0 AND t."two" = s.k1
                    """)
            #expect(
                sql.delete == """
                    DELETE FROM "x"."item" AS t USING (SELECT CAST("items"."a" AS bigint) AS k0, \
                    CAST("items"."b" AS bigint) AS k1 FROM \(stage) WHERE "items"."_op" = 'd') AS s \
                    WHERE t."one" = s.k0 AND t."two" = s.k1
                    """)
            #expect(sql.truncate == "DELETE FROM \"x\".\"item\"")
            #expect(sql.sourceKeyText == "ARRAY[\"items\".\"a\"::text, \"items\".\"b\"::text]")
            #expect(sql.targetKeyText() == "ARRAY[_target.\"one\"::text, _target.\"two\"::text]")
            #expect(sql.sourceSelectList == "\"a\", \"b\", \"name\", \"note\"")
            #expect(sql.sourceTable == "\"public\".\"items\" AS \"items\"")
        }
    }

    @Test func statementsDoWhatTheySay() throws {
        try ShopSchema.with(source: source, target: target) { source, target in
            let entity = try entity(source, target)
            let sql = entity.statements
            try target.execute("INSERT INTO x.item VALUES (1, 1, 'OLD', 'kept'), (3, 3, 'GONE', NULL)")
            try target.execute(sql.createStage)
            try target.execute("BEGIN")
            try target.execute(
                """
                INSERT INTO \(sql.stage) (a, b, name, note, _op, _mask) VALUES
                (2, 2, 'two', '', 'u', 0), (1, 1, 'one', NULL, 'u', 1), (4, 4, 'four', NULL, 'u', 1),
                (3, 3, NULL, NULL, 'd', 0), (9, 9, NULL, NULL, 'd', 0)
                """)
            let partial = ColumnSet([0, 1, 2])
            #expect(try target.query(#require(sql.upsert(present: entity.allColumns)), [0]).affectedRows == 1)
            #expect(try target.query(sql.unmatched, [1]).rows.map { $0["key"] } == ["{4,4}"])
            #expect(try target.query(#require(sql.update(present: partial)), [1]).affectedRows == 1)
            #expect(try target.query(sql.delete).affectedRows == 1)
            let equal = try target.query(
                """
                SELECT \(sql.stageKeyText) = \(sql.targetKeyText()) FROM \(sql.correctedStage) \
                JOIN x.item AS _target ON \(sql.stageKeyEquality())
                """)
            #expect(equal.rows.map { $0[0] } == ["t", "t"])
            try target.execute("COMMIT")
            #expect(try target.query("SELECT * FROM \(sql.stage)").rowCount == 0)
            let rows = try target.query("SELECT i::text FROM x.item AS i ORDER BY one").rows.map { $0[0] }
            #expect(rows == ["(1,1,ONE,kept)", "(2,2,TWO,)"])
            let row = try target.query("DELETE FROM x.item AS i WHERE one = 1 RETURNING to_jsonb(i)").scalar
            try target.query(sql.restore, [.optional(row)])
            #expect(try target.query("SELECT note FROM x.item WHERE one = 1").scalar == "kept")
            try target.execute(sql.truncate)
            #expect(try target.query("SELECT FROM x.item").rowCount == 0)
        }
    }

    /// ACCEPTANCE A18.
    @Test func a18IdentityAndGeneratedColumns() throws {
        let table = """
            CREATE TABLE things (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, serial int GENERATED BY DEFAULT AS IDENTITY,
                name text, size int GENERATED ALWAYS AS (length(name)) STORED);
            """
        try ShopSchema.with(source: table, target: table) { source, target in
            let playbook = try Playbook(
                parsing:
                    "playbook: t\ntarget: { postgres: x }\nentities: { things: { from: things, into: things, fields: same } }",
                file: "t.yaml")
            let compiled = try CompiledPlaybook.compile(playbook, source: source, target: target)
            let entity = try #require(compiled["things"])
            #expect(entity.fields.map(\.column) == ["id", "serial", "name"])
            let sql = entity.statements
            for name in ["one", "other"] {
                try target.execute("BEGIN")
                try target.execute(sql.createStage)
                try target.execute("INSERT INTO \(sql.stage) (id, serial, name) VALUES (7, 8, '\(name)')")
                try target.query(#require(sql.upsert(present: entity.allColumns)), [0])
                try target.execute("COMMIT")
            }
            #expect(try target.query("SELECT things::text FROM things").rows.map { $0[0] } == ["(7,8,other,5)"])
        }
    }
}
