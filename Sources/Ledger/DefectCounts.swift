public import LibPQ
import Model

/// How often known defects were found. Counted in the transaction that writes the rows or sets them aside, so that what is
/// rolled back and done again counts once.
public struct DefectCounts {
    private let connection: Connection

    /// The counts in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Where rows came from.
    public enum Origin: Sendable {
        case baseline
        case stream
    }

    /// Adds to the counts. Called as late in the transaction as can be: others that count the same wait for its end.
    public func add(_ counts: [FoundDefect: Int], of entity: EntityID, from origin: Origin) throws(PostgresError) {
        let sorted = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        guard !sorted.isEmpty else { return }
        let column = origin == .baseline ? "baseline_rows" : "stream_events"
        try connection.query(
            """
            INSERT INTO tidegate.defect_count AS c (entity_id, defect, wave, action, \(column))
            SELECT $1, defect, wave, action, found
            FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) AS u (defect, wave, action, found)
            ORDER BY defect COLLATE "C", wave COLLATE "C", action COLLATE "C"
            ON CONFLICT (entity_id, defect, wave, action) DO UPDATE SET \(column) = c.\(column) + excluded.\(column)
            """,
            [
                .int(entity.rawValue), .array(sorted.map(\.key.defect)),
                .array(sorted.map { $0.key.wave?.rawValue ?? "" }), .array(sorted.map(\.key.action.rawValue)),
                .array(sorted.map { "\($0.value)" }),
            ])
    }
}
