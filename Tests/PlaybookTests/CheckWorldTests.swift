import LibPQ
import Playbook
import TestSupport
import Testing

/// What `tidegate check` finds about roles, servers, the connector and Kafka.
@Suite struct CheckWorldTests {
    private static let entity = "entities:\n  s: { from: ⟦s, into: s, fields: same }\n"
    private static let kafka = "kafka: { brokers: [\"b:9092\"], topics: \"t.{schema}.{table}\" }\n"

    private func check(_ text: String, _ source: Connection?, _ target: Connection) throws -> [Finding] {
        try PlaybookCheck(Playbook(parsing: text, file: "test.yaml"), source: source, target: target).findings
    }

    private func playbook(
        source: String = "{ postgres: \"${env:S}\" }", target: String = "{ postgres: \"${env:T}\" }", rest: String
    ) -> String {
        "playbook: t\nsource: \(source)\ntarget: \(target)\n\(rest)"
    }

    /// ACCEPTANCE A14.
    @Test func a14NullThatBecomesTheDefaultIsWarnedOf() throws {
        let table = "CREATE TABLE s (id int PRIMARY KEY, a text DEFAULT 'x', b text NOT NULL DEFAULT 'y', c text)"
        try ShopSchema.with(source: table, target: table) { source, target in
            let marked = Marked(
                playbook(rest: Self.kafka + "entities:\n  s: { from: s, into: s, fields: ⟦same }\n"))
            let found = try check(marked.text, source, target)
            marked.expect(.nullDefault, .warning, in: found, advice: "source.connector")
            #expect(found.count { $0.rule == .nullDefault } == 1)
            for settings in ["value.converter.replace.null.with.default: false", "connector.class: tidegate"] {
                let kept = playbook(
                    source: "{ postgres: \"${env:S}\", connector: { \(settings) } }", rest: marked.text.drop3Lines)
                #expect(try !check(kept, source, target).contains { $0.rule == .nullDefault })
            }
        }
    }

    @Test func connectorSettingsAndWhatTheyCost() throws {
        let table = """
            CREATE TABLE s (id int PRIMARY KEY, n numeric, i interval, l line, t timestamp)
            """
        try ShopSchema.with(source: table, target: table) { source, target in
            let fields = "fields: { id: id, n: n, i: i, l: l }"
            func marked(_ connector: String, _ fields: String) -> Marked {
                Marked(
                    playbook(
                        source: "{ postgres: \"${env:S}\", connector: { \(connector) } }",
                        rest: Self.kafka + "entities:\n  s: { from: s, into: s, \(fields) }\n"))
            }
            let cases: [(Rule, Finding.Severity, Marked)] = [
                (.badValue, .error, marked("decimal.handling.mode: ⟦exact", fields)),
                (
                    .connectorSetting, .warning,
                    marked("decimal.handling.mode: double", fields.replacing("n: n", with: "n: ⟦n"))
                ),
                (
                    .connectorSetting, .note,
                    marked("decimal.handling.mode: precise", fields.replacing("n: n", with: "n: ⟦n"))
                ),
                (
                    .connectorSetting, .warning,
                    marked("decimal.handling.mode: string", fields.replacing("i: i", with: "i: ⟦i"))
                ),
                (
                    .connectorSetting, .warning,
                    marked("decimal.handling.mode: string", fields.replacing("l: l", with: "l: ⟦l"))
                ),
                (.connectorSetting, .warning, marked("time.precision.mode: ⟦connect", fields)),
                (.connectorSetting, .note, marked("skipped.operations: ⟦t", fields)),
            ]
            for (rule, severity, marked) in cases {
                marked.expect(rule, severity, in: try check(marked.text, source, target))
            }
            let best = marked(
                "decimal.handling.mode: string, interval.handling.mode: string, include.unknown.datatypes: true, "
                    + "skipped.operations: none, heartbeat.interval.ms: 1000", fields)
            #expect(try !check(best.text, source, target).contains { $0.rule == .connectorSetting })
        }
    }

    @Test func tablesWhoseChangesAreNotInTheLog() throws {
        let target = "CREATE TABLE s (id int PRIMARY KEY)"
        let cases: [(Rule, Finding.Severity, String)] = [
            (.replicaIdentity, .error, "CREATE TABLE s (id int PRIMARY KEY); ALTER TABLE s REPLICA IDENTITY NOTHING"),
            (.replicaIdentity, .error, "CREATE TABLE s (id int NOT NULL UNIQUE)"),
            (.serverSetting, .error, "CREATE UNLOGGED TABLE s (id int PRIMARY KEY)"),
            (.connectorSetting, .warning, "CREATE TABLE s (id int PRIMARY KEY) PARTITION BY HASH (id)"),
            (.unknownTable, .error, "CREATE VIEW s AS SELECT 1 AS id"),
            (
                .replicaIdentity, .note,
                "CREATE TABLE s (id int PRIMARY KEY, t text); ALTER TABLE s ALTER t SET STORAGE EXTERNAL; "
                    + "INSERT INTO s VALUES (1, repeat('x', 100000))"
            ),
        ]
        for (rule, severity, sql) in cases {
            try ShopSchema.with(source: sql, target: target) { source, target in
                let marked = Marked(playbook(rest: Self.kafka + Self.entity))
                marked.expect(rule, severity, in: try check(marked.text, source, target))
            }
        }
    }

    @Test func rightsOfTheRoles() throws {
        let table = "CREATE TABLE s (id int PRIMARY KEY)"
        let role = "tidegate_check_\(UInt32.random(in: 0...UInt32.max))"
        try ShopSchema.with(source: table, target: table) { source, target in
            let database = try target.query("SELECT current_database()").scalar ?? ""
            try target.execute(
                "CREATE ROLE \(role); GRANT SELECT ON s TO \(role); REVOKE TEMPORARY ON DATABASE \(database) FROM PUBLIC"
            )
            defer { _ = try? target.execute("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)") }
            try target.execute("GRANT TEMPORARY ON DATABASE \(database) TO \(role); SET ROLE \(role)")
            try source.execute("SET ROLE \(role)")
            let marked = Marked(
                playbook(
                    target: "⟦{ postgres: \"${env:T}\", references: replica }",
                    rest: Self.kafka
                        + Self.entity
                        .replacing("⟦", with: "")))
            let found = try check(marked.text, source, target)
            marked.expect(.roleRights, in: found)
            let messages = found.filter { $0.rule == .roleRights }.map(\.message)
            for part in [
                "session_replication_role", "schema tidegate", "may not read and write public.s", "may not replicate",
                "may not read public.s",
            ] {
                #expect(messages.contains { $0.contains(part) }, "\(part) in \(messages)")
            }
            try source.execute("RESET ROLE")
            try target.execute("RESET ROLE; REVOKE TEMPORARY ON DATABASE \(database) FROM \(role); SET ROLE \(role)")
            marked.expect(.roleRights, in: try check(marked.text, source, target), advice: "GRANT TEMPORARY")
            try target.execute("RESET ROLE")
        }
    }

    @Test func triggersThatAppliedRowsFire() throws {
        let table = "CREATE TABLE s (id int PRIMARY KEY);"
        let trigger = """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER noisy BEFORE INSERT ON s FOR EACH ROW EXECUTE FUNCTION f();
            """
        try ShopSchema.with(source: table, target: table + trigger) { source, target in
            let marked = Marked(
                playbook(rest: Self.kafka + "entities:\n  s: { from: s, into: ⟦s, fields: same }\n"))
            marked.expect(.serverSetting, .warning, in: try check(marked.text, source, target), advice: "replica")
        }
    }

    @Test func kafkaThatCannotWork() throws {
        let tables = "CREATE TABLE s (id int PRIMARY KEY); CREATE SCHEMA x; CREATE TABLE x.s (id int PRIMARY KEY);"
        try ShopSchema.with(source: tables, target: tables) { source, target in
            let both =
                "entities:\n  s: { from: s, into: s, fields: same }\n  x: { from: x.s, into: x.s, fields: same }\n"
            let cases: [(Rule, Finding.Severity, String)] = [
                (.kafka, .error, playbook(rest: "kafka: { brokers: [\"b:9092\"], topics: ⟦\"t.{table}\" }\n" + both)),
                (
                    .kafka, .error,
                    playbook(
                        rest: "kafka: { brokers: [\"b:9092\"], topics: \"t.{schema}.{table}\", "
                            + "properties: { auto.offset.reset: ⟦latest } }\n" + both)
                ),
                (.kafka, .warning, "⟦" + playbook(rest: both)),
            ]
            for (rule, severity, text) in cases {
                let marked = Marked(text)
                marked.expect(rule, severity, in: try check(marked.text, source, target))
            }
        }
    }
}

extension String {
    /// Without the lines that name playbook, source and target.
    fileprivate var drop3Lines: String {
        split(separator: "\n", omittingEmptySubsequences: false).dropFirst(3).joined(separator: "\n")
    }
}
