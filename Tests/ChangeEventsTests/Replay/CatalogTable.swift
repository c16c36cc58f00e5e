import ChangeEvents
import LibPQ
import Model

/// A table as the catalog describes it now.
struct CatalogTable {
    let name: TableName
    let columns: [SourceColumn]
    /// Per column its type as SQL.
    let types: [String]

    init(name: TableName, columns: [SourceColumn], types: [String]) {
        self.name = name
        self.columns = columns
        self.types = types
    }

    /// - Parameter keys: names of the columns in the events' key.
    init(_ name: TableName, keys: Set<String>, on connection: Connection) throws {
        let result = try connection.query(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod),
                format_type(case t.typtype when 'd' then t.typbasetype else a.atttypid end,
                    case t.typtype when 'd' then t.typtypmod else a.atttypmod end),
                coalesce(e.typtype, t.typtype) = 'e'
            from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = t.typelem and t.typlen = -1
            where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
            """, [.text(name.quoted)])
        var columns: [SourceColumn] = []
        var types: [String] = []
        for row in result.rows {
            let type = SourceType(postgres: row[2] ?? "", isEnumeration: row[3] == "t")
            columns.append(SourceColumn(name: row[0] ?? "", type: type, isKey: keys.contains(row[0] ?? "")))
            types.append(row[1] ?? "")
        }
        self.name = name
        self.columns = columns
        self.types = types
    }

    /// All rows as text, in any order.
    ///
    /// - Parameter cast: whether to cast to text; without it the text is that of the types' output functions, which
    ///   replication sends too (`t` for true, blanks at the end of `char`).
    func rows(in schema: String, on connection: Connection, cast: Bool = true) throws -> [[String?]] {
        let list = columns.map { quotedIdentifier($0.name) + (cast ? "::text" : "") }.joined(separator: ", ")
        let table = TableName(schema: schema, name: name.name).quoted
        let result = try connection.query("select \(list) from \(table)")
        return result.rows.map { row in columns.indices.map { row[$0] } }
    }
}
