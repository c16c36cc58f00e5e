public import LibPQ
public import Model

/// What a database says about some of its tables, read in a fixed number of queries.
public struct Catalog: Sendable {
    public let tables: [TableName: CatalogTable]

    /// The table of that name.
    public subscript(name: TableName) -> CatalogTable? { tables[name] }

    init(tables: [TableName: CatalogTable]) {
        self.tables = tables
    }

    /// Reads the tables named; those that do not exist, or that the role may not know of, are left out.
    ///
    /// The connection must be outside a transaction.
    public init(reading names: [TableName], on connection: Connection) throws(PostgresError) {
        do {
            // In one snapshot: a table that is altered meanwhile is seen as it was or as it is.
            self = try connection.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") {
                // So that names outside pg_catalog come out qualified.
                try connection.execute("SET LOCAL search_path = pg_catalog; SET LOCAL lock_timeout = '10s'")
                return try CatalogReader(connection: connection).read(names)
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(.usage, "the catalog could not be read")
        }
    }

    /// The names of all ordinary and partitioned tables that are no system's, no partition's, and not Tidegate's own.
    public static func tableNames(on connection: Connection) throws(PostgresError) -> [TableName] {
        let result = try connection.query(
            """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
              AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'tidegate') AND n.nspname !~ '^pg_'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                              AND d.deptype = 'e')
            ORDER BY 1, 2
            """)
        return result.rows.map { TableName(schema: $0[0] ?? "", name: $0[1] ?? "") }
    }
}
