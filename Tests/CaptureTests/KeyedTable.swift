import LibPQ
import Model
import TestSupport

/// A table of a recording's source that has a primary key.
struct KeyedTable {
    /// Rows by key, each its values as text by column.
    typealias Rows = [String: [String: String?]]

    let name: String
    let key: [String]

    static func all(of database: TestDatabase) throws -> [KeyedTable] {
        let found = try database.connect().query(
            """
            SELECT c.relname, string_agg(a.attname, ',' ORDER BY array_position(i.indkey::int2[], a.attnum))
            FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1 ORDER BY 1
            """)
        return found.rows.map { row in
            KeyedTable(name: row[0] ?? "", key: (row[1] ?? "").split(separator: ",").map(String.init))
        }
    }

    /// The rows of a database. Numbers without a scale are the same whatever zeros stand at their end.
    func rows(of database: TestDatabase) throws -> Rows {
        let connection = try database.connect()
        let columns = try connection.query(
            """
            SELECT attname, CASE WHEN atttypid = 'numeric'::regtype AND atttypmod < 0
                THEN format('trim_scale(%I)::text', attname) ELSE format('%I::text', attname) END
            FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """, [.text(quotedIdentifier(name))]
        ).rows.map { ($0[0] ?? "", $0[1] ?? "") }
        let list = columns.map(\.1).joined(separator: ", ")
        var rows: Rows = [:]
        for row in try connection.query("SELECT \(list) FROM \(quotedIdentifier(name))").rows {
            let values = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.0, row[$0]) })
            rows[key.map { (values[$0] ?? nil) ?? "null" }.joined(separator: "/")] = values
        }
        return rows
    }

    /// How rows differ from those that the source held, in order.
    func differences(of rows: Rows, from held: Rows) -> [RowDifference] {
        Set(held.keys).union(rows.keys).sorted().flatMap { key -> [RowDifference] in
            guard let expected = held[key], let found = rows[key] else {
                let (source, copy) = held[key] == nil ? ("no row", "a row") : ("a row", "no row")
                return [RowDifference(key: key, column: "*", source: source, copy: copy)]
            }
            return expected.keys.sorted().compactMap { column in
                let (source, copy) = (expected[column] ?? nil, found[column] ?? nil)
                guard source != copy else { return nil }
                return RowDifference(key: key, column: column, source: source ?? "null", copy: copy ?? "null")
            }
        }
    }
}

/// A value of a row that is not what the source held; column `*` when one of them has no row.
struct RowDifference: CustomStringConvertible {
    let key: String
    let column: String
    let source: String
    let copy: String

    var description: String { "[\(key)].\(column): source \(source), copy \(copy)" }

    /// Whether the connector lost it. A row that lacks a value which nobody can tell is in quarantine as a whole.
    func isExcused(by loss: KnownLoss, of table: KeyedTable, in recording: Recording) -> Bool {
        let columns = column == "*" ? loss.columns : [column]
        return columns.contains { loss.excuses($0, of: table.name, key: key, in: recording) }
    }
}
