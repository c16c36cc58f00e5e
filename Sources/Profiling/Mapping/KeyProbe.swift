import ChangeEvents
import LibPQ
import Model
import Playbook

/// Looks for keys that the target wants unique, and for rows that point at nothing, where the source does not see to it.
struct KeyProbe {
    let entity: CompiledEntity
    let playbook: CompiledPlaybook
    let sourceTable: CatalogTable
    let targetTable: CatalogTable
    let reader: BoundedReader
    /// In a transaction that will be rolled back, with the sample staged.
    let target: Connection
    /// A condition over the source's rows.
    let condition: String
    let sample: TableSample
    let staged: Int

    private static let patience = Duration.seconds(20)

    // MARK: Duplicates

    /// The unique keys of the target that the source does not guarantee; those without duplicates are among them.
    func duplicates() throws -> [DuplicateKey] {
        try targetTable.uniqueIndexes.filter(\.isPlain).compactMap { index in
            let fields = index.columns.compactMap { column in entity.fields.first { $0.column == column } }
            guard fields.count == index.columns.count, !fields.isEmpty else { return nil }
            let plain = fields.compactMap(\.sourceColumn).map { entity.sourceColumns[$0].name }
            guard plain.count == fields.count else { return try duplicatesInStage(index, fields) }
            if sourceTable.uniqueIndexes.contains(where: { $0.isPlain && Set($0.columns).isSubset(of: plain) }) {
                return nil
            }
            return try duplicatesInSource(index, plain)
        }
    }

    private func duplicatesInSource(_ index: CatalogIndex, _ columns: [String]) throws -> DuplicateKey? {
        let keys = columns.map { "\(entity.statements.alias).\(quotedIdentifier($0))" }
        func count(_ sample: TableSample) throws -> Row? {
            let from = "\(entity.statements.sourceTable)\(sample.clause) WHERE (\(condition))"
            return try reader.ask(Self.count(keys, from: from), within: Self.patience)?.rows.first
        }
        if let row = try count(.whole) { return key(index, row, looked: nil) }
        return try count(sample).map { key(index, $0, looked: $0.int("looked") ?? 0) }
    }

    /// By the mapping's values; nil when they cannot be made of every row.
    private func duplicatesInStage(_ index: CatalogIndex, _ fields: [CompiledField]) throws -> DuplicateKey? {
        let keys = fields.map { "(\($0.sql))" }
        return try unlessRefused {
            try target.query(Self.count(keys, from: "\(entity.statements.correctedStage) WHERE true")).rows.first.map {
                key(index, $0, looked: staged)
            }
        }
    }

    private static func count(_ keys: [String], from: String) -> String {
        let list = keys.enumerated().map { "\($1) AS k\($0)" }.joined(separator: ", ")
        let names = keys.indices.map { "k\($0)" }
        return """
            SELECT count(*) FILTER (WHERE n > 1) AS keys, coalesce(sum(n) FILTER (WHERE n > 1), 0) AS rows,
                coalesce(sum(n), 0) AS looked
            FROM (SELECT count(*) AS n FROM (SELECT \(list) FROM \(from)) AS keyed
                  WHERE \(names.map { "\($0) IS NOT NULL" }.joined(separator: " AND "))
                  GROUP BY \(names.joined(separator: ", "))) AS counted
            """
    }

    private func key(_ index: CatalogIndex, _ row: Row, looked: Int?) -> DuplicateKey {
        DuplicateKey(
            index: index.name, columns: index.columns, keys: row.int("keys") ?? 0, rows: row.int("rows") ?? 0,
            looked: looked)
    }

    // MARK: Orphans

    /// The foreign keys of the target that the source does not guarantee; those that every row meets are among them.
    func orphans() throws -> [Orphans] {
        try targetTable.foreignKeys.compactMap { key in
            let fields = key.columns.compactMap { column in entity.fields.first { $0.column == column } }
            guard fields.count == key.columns.count, !fields.isEmpty else { return nil }
            guard let parent = playbook.entities.first(where: { $0.target == key.parent }) else {
                return try orphansInStage(key, fields)
            }
            let own = fields.compactMap(\.sourceColumn).map { entity.sourceColumns[$0].name }
            let theirs = key.parentColumns.compactMap { column in
                parent.fields.first { $0.column == column }?.sourceColumn.map { parent.sourceColumns[$0].name }
            }
            guard own.count == fields.count, theirs.count == fields.count else { return nil }
            let isGuaranteed = sourceTable.foreignKeys.contains {
                $0.parent == parent.source && $0.columns == own && $0.parentColumns == theirs
            }
            return isGuaranteed ? nil : try orphansInSource(key, own, parent, theirs)
        }
    }

    private func orphansInSource(
        _ key: CatalogForeignKey, _ own: [String], _ parent: CompiledEntity, _ theirs: [String]
    ) throws -> Orphans? {
        let columns = own.map { "\(entity.statements.alias).\(quotedIdentifier($0))" }
        let list = columns.enumerated().map { "\($1) AS k\($0)" }.joined(separator: ", ")
        let isSet = columns.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
        let equal = theirs.enumerated().map { "tidegate_parent.\(quotedIdentifier($1)) = child.k\($0)" }
        let sql = """
            SELECT count(*) AS looked, count(*) FILTER (WHERE NOT EXISTS (
                SELECT FROM \(parent.source.quoted) AS tidegate_parent WHERE \(equal.joined(separator: " AND ")))) AS orphans
            FROM (SELECT \(list) FROM \(entity.statements.sourceTable)\(sample.clause)
                  WHERE (\(condition)) AND \(isSet)) AS child
            """
        guard let row = try reader.ask(sql, within: Self.patience)?.rows.first else { return nil }
        return Orphans(
            foreignKey: key.name, columns: key.columns, parent: parent.source.description,
            rows: row.int("orphans") ?? 0, looked: row.int("looked") ?? 0)
    }

    /// Against a target table that no entity fills: what it holds now.
    private func orphansInStage(_ key: CatalogForeignKey, _ fields: [CompiledField]) throws -> Orphans? {
        let list = fields.enumerated().map { "CAST((\($1.sql)) AS \($1.targetType)) AS k\($0)" }
        let isSet = fields.indices.map { "child.k\($0) IS NOT NULL" }.joined(separator: " AND ")
        let equal = key.parentColumns.enumerated().map { "tidegate_parent.\(quotedIdentifier($1)) = child.k\($0)" }
        return try unlessRefused {
            let row = try target.query(
                """
                SELECT count(*) AS looked, count(*) FILTER (WHERE NOT EXISTS (
                    SELECT FROM \(key.parent.quoted) AS tidegate_parent WHERE \(equal.joined(separator: " AND ")))) AS orphans
                FROM (SELECT \(list.joined(separator: ", ")) FROM \(entity.statements.correctedStage)) AS child WHERE \(isSet)
                """
            ).rows.first
            return row.map {
                Orphans(
                    foreignKey: key.name, columns: key.columns, parent: key.parent.description,
                    rows: $0.int("orphans") ?? 0, looked: $0.int("looked") ?? 0)
            }
        }
    }

    /// Runs `body` under a savepoint; nil when a value of the sample is refused.
    private func unlessRefused<T>(_ body: () throws -> T?) throws -> T? {
        try target.execute("SAVEPOINT tidegate_keys")
        do {
            let value = try body()
            try target.execute("RELEASE SAVEPOINT tidegate_keys")
            return value
        } catch let error as PostgresError where ["21", "22", "23"].contains(error.sqlState?.classCode) {
            try target.execute("ROLLBACK TO SAVEPOINT tidegate_keys")
            return nil
        }
    }
}
