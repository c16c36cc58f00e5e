import LibPQ
import Model
import Playbook

/// A sample of an entity's rows put to its mapping on the target: what comes of it, and what is refused.
struct MappedSample {
    let entity: CompiledEntity
    let table: CatalogTable
    let reader: BoundedReader
    /// In a transaction that will be rolled back.
    let target: Connection

    /// What was found.
    struct Found {
        var rows = 0
        var fields: [FieldStatistics] = []
        var rejections: [Rejection] = []
        var notes: [String] = []
    }

    func map(_ rows: Int, where condition: String, _ showsValues: Bool) throws -> Found {
        var found = Found()
        let staged = try StagedSample.copy(
            rows, of: entity, where: condition, from: reader, into: target, within: reader.remaining)
        guard let staged else {
            found.notes.append("no rows were put to the mapping: the budget was used up")
            return found
        }
        found.rows = staged.rows
        found.rejections = unstaged(staged)
        try target.execute("SAVEPOINT tidegate_mapping")
        do {
            found.rejections += try MappingProbe(entity: entity, target: target, looked: staged.rows).rejections()
            found.fields = try statistics(besides: Set(found.rejections.map(\.field)), showsValues)
        } catch let error as PostgresError where error.code == .cancelled || error.sqlState?.classCode == "22" {
            found.notes.append("the mapping could not be put to the sample: \(error.redactedMessage)")
            try target.execute("ROLLBACK TO SAVEPOINT tidegate_mapping")
        }
        return found
    }

    /// Rows that did not even reach the stage.
    private func unstaged(_ staged: StagedSample) -> [Rejection] {
        let looked = staged.rows + staged.refused.count
        return Dictionary(grouping: staged.refused) { $0 }.map { refusal, rows in
            Rejection(
                field: refusal.columns.joined(separator: ", "), type: "the stage", sqlState: refusal.sqlState,
                rows: rows.count, looked: looked)
        }.sorted { ($0.field, $0.sqlState) < ($1.field, $1.sqlState) }
    }

    /// What the target's columns would hold; columns that refuse rows are left out.
    private func statistics(besides refused: Set<String>, _ showsValues: Bool) throws -> [FieldStatistics] {
        let values = entity.fields.filter { !refused.contains($0.column) }.compactMap { field in
            table.column(field.column).map { column in
                StatisticsQuery.Value(
                    name: field.column, sql: "CAST((\(field.sql)) AS \(field.targetType))", kind: FieldKind(column))
            }
        }
        let query = StatisticsQuery(relation: entity.statements.correctedStage, condition: nil, values: values)
        guard let row = try target.query(query.numbers).rows.first else { return [] }
        let reader = StatisticsReader(query: query)
        var statistics = try reader.statistics(row)
        if let frequent = query.frequent(withValues: showsValues) {
            reader.add(try target.query(frequent), to: &statistics)
        }
        return statistics
    }
}
