internal import Ledger
internal import LibPQ
internal import Model

/// A foreign key of a target table.
struct ForeignKey {
    let name: String
    let parent: TableName
    let isDeferrable: Bool
    /// In the constraint's order: the table's own column, the parent's, and the parent's type.
    let columns: [(own: String, parent: String, type: String)]

    /// Whether the parent is there that a parked event waits for, as SQL over `q.awaited` and `q.awaited_key`; of a
    /// constraint that is no more, it is.
    static func isThere(_ keys: [ForeignKey]) -> String {
        let cases = keys.map { key in
            let equal = key.columns.enumerated().map {
                "p.\(quotedIdentifier($1.parent)) = (q.awaited_key[\($0 + 1)])::\($1.type)"
            }
            return """
                WHEN \(quotedLiteral(key.name)) THEN EXISTS (SELECT FROM \(key.parent.quoted) AS p \
                WHERE \(equal.joined(separator: " AND ")))
                """
        }
        return cases.isEmpty ? "true" : "CASE q.awaited \(cases.joined(separator: " ")) ELSE true END"
    }

    /// Those of a table, oldest first.
    static func find(of table: TableName, on connection: Connection) throws -> [ForeignKey] {
        let found = try connection.query(
            """
            SELECT k.conname, n.nspname, p.relname, k.condeferrable AS is_deferrable,
                array_agg(a.attname::text ORDER BY c.place) AS columns,
                array_agg(b.attname::text ORDER BY c.place) AS parent_columns,
                array_agg(format_type(b.atttypid, b.atttypmod) ORDER BY c.place) AS types
            FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace
            CROSS JOIN unnest(k.conkey, k.confkey) WITH ORDINALITY AS c (own, other, place)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.own
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = c.other
            WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = to_regclass($1)
            GROUP BY k.oid, k.conname, n.nspname, p.relname ORDER BY k.oid
            """, [.text(table.quoted)])
        return found.rows.compactMap { row in
            guard let name = row[0], let schema = row[1], let parent = row[2],
                let own = PostgresArray.key(row["columns"]), let other = PostgresArray.key(row["parent_columns"]),
                let types = PostgresArray.key(row["types"])
            else { return nil }
            return ForeignKey(
                name: name, parent: TableName(schema: schema, name: parent),
                isDeferrable: row.bool("is_deferrable") == true,
                columns: own.indices.map { (own[$0], other[$0], types[$0]) })
        }
    }
}
