import LibPQ
import Model

/// Rows of the target that point at rows which are not there: counted before a rollback, so that it makes no more of
/// them. Where the session enforces foreign keys they cannot come into being; where it does not, nobody else looks.
struct Orphans {
    private let connection: Connection
    private let counts: [(table: String, sql: String, before: Int)]

    /// Counts the rows that point at rows of `tables` in vain.
    init(of tables: [TableName], on connection: Connection) throws {
        self.connection = connection
        let found = try connection.query(
            """
            SELECT k.conrelid::regclass::text AS child, format('SELECT count(*) FROM %s AS c WHERE %s AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)',
                k.conrelid::regclass, string_agg(format('c.%I IS NOT NULL', a.attname), ' AND '), k.confrelid::regclass,
                string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND ')) AS sql
            FROM pg_constraint k CROSS JOIN unnest(k.conkey, k.confkey) AS c (own, other)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.own
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = c.other
            WHERE k.contype = 'f' AND k.conparentid = 0
                AND k.confrelid IN (SELECT to_regclass(t) FROM unnest($1::text[]) AS u (t))
                AND current_setting('session_replication_role') = 'replica'
            GROUP BY k.oid, k.conrelid, k.confrelid ORDER BY k.oid
            """, [.array(tables.map(\.quoted))])
        counts = try found.rows.map { row in
            let sql = row["sql"] ?? ""
            return (row["child"] ?? "", sql, try Self.count(sql, on: connection))
        }
    }

    /// Makes sure that there are no more of them now.
    ///
    /// - Throws: `BaselineError` of code `referenced`.
    func refuseMore() throws {
        let more = try counts.compactMap { table, sql, before in
            let now = try Self.count(sql, on: connection)
            return now > before ? "\(now - before) of \(table)" : nil
        }
        if !more.isEmpty {
            throw Self.refusal("rows that stay point at rows that would go: \(more.joined(separator: ", "))")
        }
    }

    static func refusal(_ what: String) -> BaselineError {
        BaselineError(.referenced, "\(what). Roll back the waves that those belong to first; nothing was changed")
    }

    private static func count(_ sql: String, on connection: Connection) throws -> Int {
        try connection.query(sql).scalar.flatMap(Int.init) ?? 0
    }
}
