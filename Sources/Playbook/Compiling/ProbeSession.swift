import LibPQ
import Model

extension PostgresError {
    /// Whether it tells something of the statement that was tried: a deadlock, a lock that did not come or a server that
    /// goes down say nothing of it.
    var isAnswer: Bool { code == .server && !isRetriable }
}

/// Asks the target about expressions, in a transaction that is rolled back.
///
/// PostgreSQL itself says what an expression depends on: the view over it does. That holds for subselects, casts and
/// functions alike, where reading the SQL ourselves would not.
final class ProbeSession {
    /// What an expression turned out to be.
    struct Answer {
        /// Its type.
        let typeOID: UInt32
        /// The type's name as it can stand in a cast, without modifiers.
        let type: String
        /// The columns of the relation it was put to that it depends on.
        let columns: ColumnSet
        /// The other tables that it reads.
        let tables: Set<TableName>
    }

    /// What is wrong with an expression.
    struct Refusal: Error {
        let error: PostgresError
        /// The character of the expression, from 1, if the server named one within it.
        let position: Int?

        init(_ error: PostgresError, position: Int? = nil) {
            self.error = error
            self.position = position
        }

        /// A refusal of a statement in which `expression` stands after `prefix`.
        init(_ error: PostgresError, of expression: String, after prefix: String) {
            let position = error.position.map { $0 - prefix.unicodeScalars.count }
            let isInside = position.map { (1...max(1, expression.unicodeScalars.count)).contains($0) } ?? false
            self.init(error, position: isInside ? position : nil)
        }
    }

    private let connection: Connection
    private var number = 0
    static let boolean: UInt32 = 16

    /// Opens the transaction; `end()` must follow.
    init(_ connection: Connection) throws(PostgresError) {
        self.connection = connection
        // A table that is being altered must not keep us waiting for ever.
        try connection.execute("BEGIN; SET LOCAL lock_timeout = '10s'")
    }

    func end() throws(PostgresError) {
        try connection.execute("ROLLBACK")
    }

    /// Runs SQL that creates what expressions are put to.
    func create(_ sql: String) throws(PostgresError) {
        try guarded { connection throws(PostgresError) in try connection.execute(sql) }
    }

    /// What the columns of a relation are, by number from 0.
    func columnTypes(of relation: String) throws(PostgresError) -> [(oid: UInt32, type: String)] {
        let result = try connection.query(
            """
            SELECT atttypid, format_type(atttypid, -1) FROM pg_attribute
            WHERE attrelid = $1::text::regclass AND attnum > 0 ORDER BY attnum
            """, [.text(relation)])
        return result.rows.map { ($0[0].flatMap { UInt32($0) } ?? 0, $0[1] ?? "") }
    }

    /// Puts `expression` to each row of `relation`, which goes by `alias` (SQL both) and has `count` columns that matter.
    ///
    /// - Parameter row: a column of the relation, so that an aggregate is refused.
    func ask(
        _ expression: String, of relation: String, as alias: String, row: String, columns count: Int
    ) throws -> Answer {
        number += 1
        let view = "pg_temp.\"tidegate_probe_\(number)\""
        // CASE refuses functions that return sets; the line break ends a comment.
        let prefix = "CREATE TEMPORARY VIEW \(view) AS SELECT CASE WHEN true THEN ("
        let suffix = "\n) END AS v, \(alias).\(row) AS r FROM \(relation) AS \(alias)"
        do {
            try guarded { connection throws(PostgresError) in try connection.query(prefix + expression + suffix) }
        } catch {
            throw Refusal(error, of: expression, after: prefix)
        }
        let answer = try connection.query(Self.question, [.text(view), .text(relation)])
        guard let found = answer.rows.first, found.int("columns") == 2 else {
            throw Refusal(PostgresError(.usage, "the parentheses do not match, or there is more than one expression"))
        }
        let isWholeRow = found.bool("is_whole_row") ?? true
        let numbers = (found["numbers"] ?? "").split(separator: ",").compactMap { Int($0) }
        let tables = (found["tables"] ?? "").split(separator: "\u{1F}").compactMap { pair -> TableName? in
            let parts = pair.split(separator: "\u{1E}", omittingEmptySubsequences: false).map(String.init)
            return parts.count == 2 ? TableName(schema: parts[0], name: parts[1]) : nil
        }
        return Answer(
            typeOID: found["type"].flatMap { UInt32($0) } ?? 0, type: found["type_name"] ?? "",
            columns: isWholeRow ? ColumnSet(all: count) : ColumnSet(numbers.map { $0 - 1 }.filter { $0 < count }),
            tables: Set(tables))
    }

    /// Plans a statement without running it.
    func explain(_ sql: String) throws(PostgresError) {
        // Statements with a parameter are planned with NULL in its place.
        let plan = "EXPLAIN " + sql.replacing("= $1", with: "= NULL::integer")
        try guarded { connection throws(PostgresError) in try connection.execute(plan) }
    }

    /// Asks something that needs no expression of the user's.
    func query(_ sql: String, _ parameters: [Parameter]) throws(PostgresError) -> Result {
        try connection.query(sql, parameters)
    }

    /// Keeps an error from ending the transaction.
    private func guarded(_ body: (Connection) throws(PostgresError) -> Void) throws(PostgresError) {
        try connection.execute("SAVEPOINT tidegate_probe")
        do {
            try body(connection)
        } catch {
            if error.code == .server { try connection.execute("ROLLBACK TO SAVEPOINT tidegate_probe") }
            throw error
        }
        try connection.execute("RELEASE SAVEPOINT tidegate_probe")
    }

    private static let question = """
        SELECT v.atttypid AS type, format_type(v.atttypid, -1) AS type_name,
               (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = v.attrelid AND a.attnum > 0) AS columns,
               r.ev_action::text ~ ':varattno 0 ' AS is_whole_row,
               (SELECT string_agg(d.refobjsubid::text, ',') FROM pg_depend d
                WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
                  AND d.refobjid = $2::text::regclass AND d.refobjsubid > 0) AS numbers,
               (SELECT string_agg(DISTINCT n.nspname || chr(30) || c.relname, chr(31)) FROM pg_depend d
                JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
                  AND d.refobjid NOT IN ($2::text::regclass, v.attrelid)) AS tables
        FROM pg_attribute v JOIN pg_rewrite r ON r.ev_class = v.attrelid
        WHERE v.attrelid = $1::text::regclass AND v.attnum = 1
        """
}
