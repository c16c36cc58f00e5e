import LibPQ
import Model
import Playbook

/// What one row costs one worker, measured on a few thousand rows that go through the mapping and are written nowhere.
struct RateSample: Hashable, Sendable {
    let rows: Int
    /// Seconds per row: to read and send it, to stage it, to map and write it.
    let reading: Double
    let staging: Double
    let writing: Double

    private static let mostRows = 5000
    private static let patience = Duration.seconds(5)

    /// Measures; nil when there are no rows, time was up, or a row of the sample is refused.
    ///
    /// The rows are written into a temporary table with the target's indexes, in a transaction that is rolled back:
    /// without the log, foreign keys and triggers, so a load takes longer.
    static func measure(
        _ entity: CompiledEntity, from source: BoundedReader, on target: Connection
    ) throws -> RateSample? {
        try target.execute("BEGIN; SET LOCAL statement_timeout = '10s'; SET LOCAL client_min_messages = warning")
        defer { if target.transactionStatus != .idle { _ = try? target.execute("ROLLBACK") } }
        do {
            let staged = try StagedSample.copy(
                mostRows, of: entity, from: source, into: target, within: patience)
            guard let staged, staged.rows > 0 else { return nil }
            let trial = "pg_temp.tidegate_trial"
            try target.execute(
                "CREATE TEMPORARY TABLE tidegate_trial (LIKE \(entity.target.quoted) INCLUDING GENERATED INCLUDING INDEXES)"
            )
            // Columns that the target fills by itself: their defaults may be sequences, which must not move.
            let own = Set(entity.statements.insertableColumns).subtracting(entity.fields.map(\.column)).sorted()
            for column in own {
                try target.execute("ALTER TABLE \(trial) ALTER COLUMN \(quotedIdentifier(column)) DROP NOT NULL")
            }
            let columns = entity.fields.map { quotedIdentifier($0.column) }.joined(separator: ", ")
            let values = entity.fields.map(\.sql).joined(separator: ", ")
            let clock = ContinuousClock()
            let begun = clock.now
            try target.execute(
                """
                INSERT INTO \(trial) (\(columns)) SELECT \(values) FROM \(entity.statements.correctedStage)
                ON CONFLICT DO NOTHING
                """)
            let writing = clock.now - begun
            let rows = Double(staged.rows)
            return RateSample(
                rows: staged.rows, reading: staged.reading / .seconds(1) / rows,
                staging: staged.staging / .seconds(1) / rows, writing: writing / .seconds(1) / rows)
        } catch let error as PostgresError where error.code == .server || error.code == .cancelled {
            return nil
        }
    }
}
