import Ledger
import LibPQ
import Throttling

/// What a worker loads chunks with.
protocol ChunkSource {
    /// The connection to the target.
    var target: TargetSession { get }
    /// What the load was told.
    var options: LoadOptions { get }
    /// The work queue, as the target's session sees it.
    var chunks: Chunks { get }
    /// The number under which the ledger knows this worker.
    var worker: Int { get }

    /// Loads a chunk in one target transaction: when it throws, nothing of the chunk is there.
    func load(_ chunk: Chunk, of entity: LoadingEntity) throws -> ChunkOutcome
}

extension ChunkSource {
    /// Takes a chunk of `entity` and loads it.
    ///
    /// - Returns: false when nobody needs to load one now.
    func loadNext(_ entity: LoadingEntity) throws -> Bool {
        guard let chunk = try chunks.take(entity.id, wave: entity.wave, worker: worker) else { return false }
        try options.pause(.afterTake)
        do {
            let outcome = try load(chunk, of: entity)
            options.throttle?.spent(rows: outcome.rows, bytes: outcome.bytes)
            options.report(.merged(entity.name, outcome))
        } catch {
            if target.connection.isAlive { try? chunks.release(chunk) }
            options.report(.putBack(entity.name, ordinal: chunk.ordinal, reason: "\(error)"))
            throw error
        }
        try options.pause(.afterMerge)
        return true
    }

    func isComplete(_ entity: LoadingEntity) throws -> Bool {
        try chunks.progress(entity.id, wave: entity.wave).isComplete
    }

    /// While others load the last chunks, or die over them.
    func waitABit() throws { try target.connection.query("SELECT pg_sleep(0.05)") }
}
