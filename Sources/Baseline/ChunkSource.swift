import Ledger
import LibPQ
import Model
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

    /// Waits while a person has paused the wave.
    func waitWhilePaused(_ wave: WaveName, shouldStop: () -> Bool) throws {
        var due = DueReport()
        while !shouldStop(), case let record = try Waves(on: target.connection).find(wave), let actor = record.pausedBy
        {
            if due.isNow {
                options.report(.waiting(for: "\(actor), who has paused the wave: \(record.pauseReason ?? "")"))
            }
            try waitABit()
        }
    }

    /// Whether no chunk of the entity is to be loaded any more, by anybody.
    func isComplete(_ entity: LoadingEntity) throws -> Bool {
        let progress = try chunks.progress(entity.id, wave: entity.wave)
        return progress.isComplete || options.pilotChunks.map { progress.merged >= $0 } ?? false
    }

    /// While others load the last chunks, or die over them.
    func waitABit() throws { try target.connection.query("SELECT pg_sleep(0.05)") }
}
