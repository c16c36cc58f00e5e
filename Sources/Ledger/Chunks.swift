public import LibPQ
public import Model

/// The work queue of loads. Any number of processes take chunks from it; a chunk of a worker that died is taken again
/// from its beginning.
public struct Chunks {
    private let connection: Connection

    /// The chunks in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Puts a scope's chunks into the queue, once: when they are there already nothing is changed.
    ///
    /// - Parameter ranges: half open, ascending, each beginning where the one before ends, open at both ends.
    /// - Returns: whether this call planned them.
    public func plan(
        _ entity: EntityID, wave: WaveName, ranges: [(range: KeyRange, rows: Int?)], rowsEstimated: Int?
    ) throws -> Bool {
        try connection.transaction {
            let claimed = try connection.query(
                """
                UPDATE tidegate.scope SET planned_at = now(), rows_estimated = $3
                WHERE entity_id = $1 AND wave = $2 AND planned_at IS NULL AND state = 'loading'
                """,
                [.int(Int(entity.rawValue)), .text(wave.rawValue), rowsEstimated.map { .int($0) } ?? .null])
            guard claimed.affectedRows == 1 else { return false }
            try connection.pipeline { pipeline in
                for (ordinal, chunk) in ranges.enumerated() {
                    try pipeline.query(
                        """
                        INSERT INTO tidegate.chunk (entity_id, wave, ordinal, low, high, rows_estimated)
                        VALUES ($1, $2, $3, $4::text[], $5::text[], $6)
                        """,
                        [
                            .int(Int(entity.rawValue)), .text(wave.rawValue), .int(ordinal),
                            chunk.range.low.map { .array($0) } ?? .null,
                            chunk.range.high.map { .array($0) } ?? .null, chunk.rows.map { .int($0) } ?? .null,
                        ])
                }
            }
            return true
        }
    }

    /// Takes the next chunk of a scope that nobody living is at work on; nil when there is none now.
    public func take(_ entity: EntityID, wave: WaveName, worker: Int) throws -> Chunk? {
        let result = try connection.query(
            """
            UPDATE tidegate.chunk SET state = 'running', worker_id = $3, attempt = attempt + 1, started_at = now()
            WHERE id = (
                SELECT id FROM tidegate.chunk c
                WHERE entity_id = $1 AND wave = $2 AND (state = 'planned'
                    OR state = 'running' AND NOT \(Workers.isAlive("c.worker_id")))
                ORDER BY ordinal LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, ordinal, low, high, rows_estimated, attempt
            """, [.int(Int(entity.rawValue)), .text(wave.rawValue), .int(worker)])
        guard let row = result.rows.first else { return nil }
        guard let id = row.int("id"), let ordinal = row.int("ordinal"), let attempt = row.int("attempt") else {
            throw LedgerError(.malformed, "a chunk")
        }
        return Chunk(
            id: Int64(id), entity: entity, wave: wave, ordinal: ordinal,
            range: KeyRange(low: PostgresArray.key(row["low"]), high: PostgresArray.key(row["high"])),
            rowsEstimated: row.int("rows_estimated"), worker: worker, attempt: attempt)
    }

    /// Puts a chunk back after an error that may pass.
    public func release(_ chunk: Chunk) throws {
        try connection.query(
            """
            UPDATE tidegate.chunk SET state = 'planned', worker_id = NULL
            WHERE id = $1 AND worker_id = $2 AND attempt = $3 AND state = 'running'
            """, [.int(Int(chunk.id)), .int(chunk.worker), .int(chunk.attempt)])
    }

    /// Makes sure, in the merge's transaction, that the chunk is still this worker's, and keeps it so until the end.
    ///
    /// - Throws: `LedgerError` of code `chunkLost`.
    public func hold(_ chunk: Chunk) throws {
        let result = try connection.query(
            """
            SELECT FROM tidegate.chunk WHERE id = $1 AND worker_id = $2 AND attempt = $3 AND state = 'running'
            FOR UPDATE
            """, [.int(Int(chunk.id)), .int(chunk.worker), .int(chunk.attempt)])
        guard result.rowCount == 1 else { throw Chunks.lost(chunk) }
    }

    /// Notes a chunk as merged, in the merge's transaction, which holds the entity's lock, and moves the version.
    ///
    /// - Throws: `LedgerError` of code `chunkLost`.
    public func complete(_ chunk: Chunk, _ outcome: ChunkOutcome) throws {
        let result = try connection.query(
            """
            UPDATE tidegate.chunk
            SET state = 'merged', snapshot = $4::pg_snapshot, rows = $5, bytes = $6, digest = $7,
                merged_at = clock_timestamp()
            WHERE id = $1 AND worker_id = $2 AND attempt = $3 AND state = 'running'
            """,
            [
                .int(Int(chunk.id)), .int(chunk.worker), .int(chunk.attempt),
                .optional(outcome.snapshot?.description), .int(outcome.rows), .int(outcome.bytes),
                .text(String(outcome.digest, radix: 16)),
            ])
        guard result.affectedRows == 1 else { throw Chunks.lost(chunk) }
        try Entities(on: connection).bumpVersion(chunk.entity)
    }

    /// How far a scope's chunks have come.
    public func progress(_ entity: EntityID, wave: WaveName) throws -> ChunkProgress {
        let result = try connection.query(
            """
            SELECT count(*) FILTER (WHERE state = 'planned') AS planned,
                count(*) FILTER (WHERE state = 'running') AS running, count(*) FILTER (WHERE state = 'merged') AS merged,
                coalesce(sum(rows), 0) AS rows, coalesce(sum(bytes), 0) AS bytes,
                coalesce(sum(coalesce(rows, rows_estimated)), 0) AS estimated
            FROM tidegate.chunk WHERE entity_id = $1 AND wave = $2
            """, [.int(Int(entity.rawValue)), .text(wave.rawValue)])
        guard let row = result.rows.first else { throw LedgerError(.malformed, "the chunks' progress") }
        return ChunkProgress(
            planned: row.int("planned") ?? 0, running: row.int("running") ?? 0, merged: row.int("merged") ?? 0,
            rowsMerged: row.int("rows") ?? 0, bytesMerged: row.int("bytes") ?? 0,
            rowsEstimated: row.int("estimated") ?? 0)
    }

    private static func lost(_ chunk: Chunk) -> LedgerError {
        LedgerError(.chunkLost, "chunk \(chunk.ordinal) of wave \(chunk.wave) was taken over by another worker")
    }
}
