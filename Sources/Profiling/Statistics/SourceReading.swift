import ChangeEvents
import LibPQ
import Model
import Playbook

/// Counts what an entity's source rows are like: over all of the table where that is wished and the budget allows it, else
/// over a sample.
struct SourceReading {
    let entity: CompiledEntity
    let table: CatalogTable
    let reader: BoundedReader
    let size: TableSize
    let condition: String
    let options: Profiler.Options

    /// What was read.
    struct Read {
        var columns: [FieldStatistics] = []
        var rowsEstimated = 0
        var rowsLooked = 0
        var isSample = false
        var notes: [String] = []
    }

    /// The sample that the options wish for.
    var sample: TableSample { TableSample(rows: options.rows, of: size) }

    func read() throws -> Read {
        var read = Read()
        let wished = options.isFull ? .whole : sample
        let guesses = try distinctGuesses()
        var row = try ask(query(wished).numbers, &read)?.rows.first
        read.isSample = wished != .whole
        if row == nil, options.isFull, sample != .whole {
            read.notes.append("all rows could not be read within the budget: a sample was")
            row = try ask(query(sample).numbers, &read)?.rows.first
            read.isSample = true
        }
        guard let row else {
            read.notes.append("the rows could not be read within the budget")
            return read
        }
        let reader = StatisticsReader(query: query(wished), distinctInTable: guesses)
        read.columns = try reader.statistics(row)
        read.rowsLooked = row.int("looked") ?? 0
        read.rowsEstimated = read.isSample && condition == "true" ? size.rows : read.rowsLooked
        if read.isSample, condition != "true" { read.rowsEstimated = try estimated(read.rowsLooked) }
        if let sql = query(sample).frequent(withValues: options.showsValues) {
            if let frequent = try ask(sql, &read) {
                reader.add(frequent, to: &read.columns)
            } else {
                read.notes.append("forms of texts were not found out")
            }
        }
        return read
    }

    /// nil when time was up or a value cannot be counted, which is noted.
    private func ask(_ sql: String, _ read: inout Read) throws -> Result? {
        do {
            return try reader.ask(sql, within: reader.remaining)
        } catch let error as PostgresError where error.sqlState?.classCode == "22" {
            read.notes.append("the rows could not be counted: \(error.redactedMessage)")
            return nil
        }
    }

    private func query(_ sample: TableSample) -> StatisticsQuery {
        let values = entity.sourceColumns.compactMap { column -> StatisticsQuery.Value? in
            guard let described = table.column(column.name) else { return nil }
            return StatisticsQuery.Value(
                name: column.name, sql: "\(entity.statements.alias).\(quotedIdentifier(column.name))",
                kind: FieldKind(described))
        }
        return StatisticsQuery(
            relation: entity.statements.sourceTable + sample.clause, condition: condition == "true" ? nil : condition,
            values: values)
    }

    /// The rows in scope, from the share of the sample that is.
    private func estimated(_ looked: Int) throws -> Int {
        let sql = "SELECT count(*) FROM \(entity.statements.sourceTable)\(sample.clause)"
        let all = try reader.ask(sql, within: reader.remaining)?.scalar.flatMap { Int($0) } ?? 0
        return all == 0 ? looked : Int(Double(size.rows) * Double(looked) / Double(all))
    }

    private func distinctGuesses() throws -> [String: Int] {
        let result = try reader.connection.query(
            "SELECT attname, n_distinct FROM pg_stats WHERE schemaname = $1 AND tablename = $2 AND NOT inherited",
            [.text(table.name.schema), .text(table.name.name)])
        var guesses: [String: Int] = [:]
        for row in result.rows {
            guard let name = row[0], let number = row[1].flatMap(Double.init) else { continue }
            // A negative number is a share of the rows.
            guesses[name] = number < 0 ? Int(-number * Double(size.rows)) : Int(number)
        }
        return guesses
    }
}
