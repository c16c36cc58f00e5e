import LibPQ
import Model

/// Reads a catalog's parts and puts them together.
struct CatalogReader {
    let connection: Connection

    func read(_ names: [TableName]) throws(PostgresError) -> Catalog {
        let tables = try connection.query(
            sql(PackageResources.catalog_tables_sql),
            [.array(names.map(\.schema)), .array(names.map(\.name))])
        let relations = Parameter.array(tables.rows.map { $0["oid"] ?? "" })
        let columns = try connection.query(sql(PackageResources.catalog_columns_sql), [relations])
        let indexes = try connection.query(sql(PackageResources.catalog_indexes_sql), [relations])
        let foreignKeys = try connection.query(sql(PackageResources.catalog_foreign_keys_sql), [relations])
        let triggers = try connection.query(sql(PackageResources.catalog_triggers_sql), [relations])
        let enumerations = columns.rows.filter { $0["element_kind"] == "e" }.map { $0["element_oid"] ?? "" }
        let labels = try connection.query(
            sql(PackageResources.catalog_enums_sql), [.array(Set(enumerations).sorted())])

        let labelsByType = Dictionary(grouping: labels.rows) { $0["type"] ?? "" }
            .mapValues { rows in rows.map { $0["label"] ?? "" } }
        let columnsByTable = Dictionary(grouping: columns.rows) { $0["relation"] ?? "" }
            .mapValues { rows in rows.map { column($0, labels: labelsByType) } }
        let indexesByTable = Dictionary(grouping: indexes.rows) { $0["relation"] ?? "" }
        let keysByTable = Dictionary(grouping: foreignKeys.rows) { $0["relation"] ?? "" }
        let triggersByTable = Dictionary(grouping: triggers.rows) { $0["relation"] ?? "" }

        var found: [TableName: CatalogTable] = [:]
        for row in tables.rows {
            let oid = row["oid"] ?? ""
            let columns = columnsByTable[oid] ?? []
            let name = TableName(schema: row["schema"] ?? "", name: row["name"] ?? "")
            found[name] = CatalogTable(
                name: name, kind: CatalogTable.Kind(rawValue: row["kind"] ?? "") ?? .table,
                replicaIdentity: CatalogTable.ReplicaIdentity(rawValue: row["replica_identity"] ?? "") ?? .primaryKey,
                isUnlogged: row["persistence"] == "u", estimatedRows: row.int("estimated_rows") ?? 0,
                bytes: row.int("bytes") ?? 0, outOfLineBytes: row.int("toast_bytes") ?? 0,
                hidesRows: row.bool("row_security_active") ?? false, isReadable: row.bool("may_select") ?? false,
                isWritable: row.bool("may_write") ?? false, columns: columns,
                uniqueIndexes: (indexesByTable[oid] ?? []).map { index($0, columns) },
                foreignKeys: (keysByTable[oid] ?? []).map(foreignKey),
                triggers: (triggersByTable[oid] ?? []).map { $0["name"] ?? "" })
        }
        return Catalog(tables: found)
    }

    private func sql(_ resource: [UInt8]) -> String { String(decoding: resource, as: UTF8.self) }

    private func column(_ row: Row, labels: [String: [String]]) -> CatalogColumn {
        CatalogColumn(
            name: row["name"] ?? "", number: row.int("number") ?? 0, type: row["declared_type"] ?? "",
            bareType: row["declared_bare_type"] ?? "", baseType: row["base_type"] ?? "",
            bareBaseType: row["bare_type"] ?? "", baseOID: row["base_oid"].flatMap { UInt32($0) } ?? 0,
            elementOID: row["element_oid"].flatMap { UInt32($0) } ?? 0,
            category: row["category"] ?? "", elementName: row["element_name"] ?? "",
            elementKind: row["element_kind"] ?? "", isBuiltIn: row.bool("is_builtin") ?? false,
            isArray: row.bool("is_array") ?? false, isDomain: row.bool("is_domain") ?? false,
            isNotNull: row.bool("is_not_null") ?? false,
            // A generated column's expression stands where defaults do.
            defaultExpression: row["generated"] == "" ? row["default_expression"] : nil,
            identity: CatalogColumn.Identity(rawValue: row["identity"] ?? "") ?? .none,
            isGenerated: row["generated"] != "", isToastable: row.bool("is_toastable") ?? false,
            sortsByBytes: row.bool("sorts_by_bytes") ?? false, labels: labels[row["element_oid"] ?? ""] ?? [])
    }

    private func index(_ row: Row, _ columns: [CatalogColumn]) -> CatalogIndex {
        let numbers = (row["numbers"] ?? "").split(separator: ",").compactMap { Int($0) }
        let flags = ["is_partial", "has_expression"].contains { row.bool($0) ?? false }
        return CatalogIndex(
            name: row["name"] ?? "",
            columns: numbers.compactMap { number in columns.first { $0.number == number }?.name },
            isPrimary: row.bool("is_primary") ?? false, isReplicaIdentity: row.bool("is_replica_identity") ?? false,
            isImmediate: row.bool("is_immediate") ?? false, isPlain: !flags && row.bool("is_valid") == true)
    }

    private func foreignKey(_ row: Row) -> CatalogForeignKey {
        func names(_ name: String) -> [String] {
            (row[name] ?? "").split(separator: "\u{1F}").map(String.init)
        }
        return CatalogForeignKey(
            name: row["name"] ?? "", columns: names("columns"),
            parent: TableName(schema: row["parent_schema"] ?? "", name: row["parent_name"] ?? ""),
            parentColumns: names("parent_columns"), isDeferrable: row.bool("is_deferrable") ?? false,
            cascades: ["c", "n", "d"].contains(row["on_delete"] ?? ""))
    }
}
