import Foundation
import LibPQ
import Model
import Playbook

/// Estimates how many rows of the source a scope takes; never by reading a large table as a whole.
struct VolumeReader {
    let reader: BoundedReader

    private static let countable = 20_000
    private static let sampledRows = 20_000
    private static let patience = Duration.seconds(5)

    /// The volume of a scope; nil when the source has no such table.
    func volume(of scope: CompiledScope, _ entity: CompiledEntity) throws -> ScopeVolume? {
        guard let size = try TableSize(of: entity.source, on: reader.connection) else { return nil }
        if scope.isAll { return ScopeVolume(rows: size.rows, bytes: size.bytes, basis: .statistics) }
        let sample = size.rows <= Self.countable ? TableSample.whole : TableSample(rows: Self.sampledRows, of: size)
        let table = entity.statements.sourceTable
        let condition = scope.sourcePredicate
        let counted = try count(
            "SELECT count(*) AS looked, count(*) FILTER (WHERE \(condition)) AS met FROM \(table)\(sample.clause)")
        if let row = counted?.rows.first, let looked = row.int("looked"), let met = row.int("met"), looked > 0 {
            let share = Double(met) / Double(looked)
            let isWhole = sample == .whole
            return ScopeVolume(
                rows: isWhole ? met : Int(Double(size.rows) * share),
                bytes: size.bytes.map { Int(Double($0) * share) }, basis: isWhole ? .counted : .sampled,
                looked: isWhole ? nil : looked)
        }
        if counted != nil { return ScopeVolume(rows: 0, bytes: 0, basis: .counted) }
        let plan = try reader.ask("EXPLAIN SELECT 1 FROM \(table) WHERE \(condition)", within: Self.patience)
        let rows = plan?.scalar.flatMap(Self.plannedRows) ?? size.rows
        let share = min(1, Double(rows) / Double(max(size.rows, 1)))
        return ScopeVolume(rows: rows, bytes: size.bytes.map { Int(Double($0) * share) }, basis: .planner)
    }

    /// nil also when the condition fails on a row, which is for a check to say.
    private func count(_ sql: String) throws -> Result? {
        do {
            return try reader.ask(sql, within: Self.patience)
        } catch let error as PostgresError where error.sqlState?.classCode == "22" {
            return nil
        }
    }

    /// The rows in a plan's first line: `Seq Scan on t  (cost=0.00..35.50 rows=2550 width=4)`.
    private static func plannedRows(_ line: String) -> Int? {
        guard let range = line.range(of: "rows=") else { return nil }
        return Int(line[range.upperBound...].prefix(while: \.isNumber))
    }
}
