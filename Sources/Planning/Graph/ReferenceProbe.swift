import LibPQ
import Model
import Playbook

/// Looks at a sample of rows whether a column that looks like a reference is one.
struct ReferenceProbe {
    let reader: BoundedReader

    private static let values = 400
    private static let sampledRows = 2000
    private static let patience = Duration.seconds(3)
    /// A column of which fewer values are found is no reference.
    private static let least = 0.9

    /// The dependency, if the rows speak for it; nil if they speak against it. A table without rows, or one that could not
    /// be asked in time, leaves the name alone to speak.
    func confirm(_ candidate: LikelyReference) throws -> DependencyEdge? {
        let size = try TableSize(of: candidate.childTable, on: reader.connection)
        let sample = size.map { TableSample(rows: Self.sampledRows, of: $0) } ?? .whole
        let column = quotedIdentifier(candidate.column)
        let key = quotedIdentifier(candidate.parentColumn)
        let sql = """
            SELECT count(*) AS looked, count(parent.\(key)) AS met
            FROM (SELECT DISTINCT v FROM (SELECT child.\(column) AS v FROM \(candidate.childTable.quoted) AS child\(sample.clause)
                  WHERE child.\(column) IS NOT NULL LIMIT \(Self.sampledRows)) AS filled LIMIT \(Self.values)) AS sampled
            LEFT JOIN \(candidate.parentTable.quoted) AS parent ON parent.\(key) = sampled.v
            """
        // The parent is looked up by its key: it is never read as a whole.
        let byKey = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
        guard let row = try reader.ask(sql, within: Self.patience, settings: byKey)?.rows.first,
            let looked = row.int("looked"), let met = row.int("met")
        else { return edge(candidate, "by its name and type; the rows could not be asked in time") }
        guard looked > 0 else { return edge(candidate, "by its name and type; there are no values to look at") }
        guard Double(met) >= Double(looked) * Self.least else { return nil }
        return edge(candidate, "\(met) of \(looked) sampled values are keys of \(candidate.parentTable)")
    }

    private func edge(_ candidate: LikelyReference, _ evidence: String) -> DependencyEdge {
        DependencyEdge(
            .entity(candidate.child), on: .entity(candidate.parent), .likelyReference, sides: [candidate.side],
            columns: [candidate.column], parentColumns: [candidate.parentColumn], evidence: evidence)
    }
}
