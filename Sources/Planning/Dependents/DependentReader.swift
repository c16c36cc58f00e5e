import LibPQ
import Model

/// Reads what depends on tables from one side's catalog.
struct DependentReader {
    let connection: Connection
    let side: Side

    /// The dependents of each table, sorted by kind and name.
    func read(_ tables: [TableName]) throws -> [TableName: [HiddenDependent]] {
        let result = try connection.transaction("BEGIN TRANSACTION READ ONLY") {
            // So that names outside pg_catalog come out qualified.
            try connection.execute("SET LOCAL search_path = pg_catalog; SET LOCAL lock_timeout = '10s'")
            return try connection.query(
                String(decoding: PackageResources.dependents_sql, as: UTF8.self),
                [.array(tables.map(\.schema)), .array(tables.map(\.name))])
        }
        var found: [TableName: [HiddenDependent]] = [:]
        for row in result.rows {
            guard let kind = HiddenDependent.Kind(rawValue: row["kind"] ?? "") else { continue }
            let table = TableName(schema: row["schema"] ?? "", name: row["table"] ?? "")
            found[table, default: []].append(
                HiddenDependent(side: side, kind: kind, name: row["name"] ?? "", detail: row["detail"] ?? ""))
        }
        return found
    }
}
