public import LibPQ
public import Model

/// How large a table is, with its large values and its partitions, as the catalog and its files say.
public struct TableSize: Hashable, Sendable {
    /// Without indexes; nil when nobody knows, as of a foreign table. Such a table cannot be sampled either.
    public let bytes: Int?
    /// From the last ANALYZE, grown with the table, or from its size when there was none.
    public let rows: Int

    /// Asks for the size of a table; nil when there is no such table.
    public init?(of table: TableName, on connection: Connection) throws(PostgresError) {
        let result = try connection.query(
            String(decoding: PackageResources.table_size_sql, as: UTF8.self), [.text(table.quoted)])
        guard let row = result.rows.first, let rows = row.int("rows") else { return nil }
        bytes = row.bool("samplable") ?? false ? row.int("bytes") ?? 0 : nil
        self.rows = rows
    }
}
