import Ledger
import LibPQ
import Model
import Playbook

/// Loads chunks one after the other: a thread with its own connection to each side, a worker of the ledger's.
///
/// A chunk is one target transaction. Its rows go from COPY to COPY into the stage; then, under the entity's lock,
/// which keeps the lanes out, the stage is merged, and the chunk is noted as merged with the snapshot it was read in.
/// When anything fails before the commit, nothing of the chunk is there, and it is loaded again from its beginning.
final class ChunkLoader: ChunkSource {
    let target: TargetSession
    let source: SourceSession
    let options: LoadOptions
    let chunks: Chunks
    let worker: Int
    private var newerTypes: [EntityName: [String]] = [:]

    init(
        _ options: LoadOptions, source string: ConnectionString, for playbook: Playbook, name: String
    ) throws {
        self.options = options
        source = try SourceSession(string)
        target = try TargetSession(options, for: playbook, name: name)
        chunks = Chunks(on: target.connection)
        worker = try Workers(on: target.connection).register(name)
    }

    func load(_ chunk: Chunk, of entity: LoadingEntity) throws -> ChunkOutcome {
        try target.connection.execute(entity.entity.statements.createStage)
        try target.connection.execute(entity.sql.createNewer)
        return try source.reading { snapshot in
            try options.pause(.afterSnapshot)
            if entity.entity.isPlainCopy, chunk.attempt == 1, !entity.isAgain,
                let outcome = try copyDirectly(chunk, of: entity, snapshot)
            {
                return outcome
            }
            return try target.transaction {
                let passed = try CopyPipe.copy(
                    entity.sql.select(chunk.range), on: source.connection, into: entity.sql.stageTable,
                    on: target.connection)
                try options.pause(.afterRead)
                try lock(chunk, of: entity, snapshot)
                let merge = ChunkMerge(
                    entity: entity, chunk: chunk, target: target, source: source, types: try types(entity))
                let aside = try merge.run()
                if aside > 0 { options.report(.quarantined(entity.name, rows: aside)) }
                return try complete(chunk, passed, snapshot)
            }
        }
    }

    /// Keeps the lanes out, makes sure that the chunk is still ours, and finds the keys to leave alone.
    private func lock(_ chunk: Chunk, of entity: LoadingEntity, _ snapshot: TransactionSnapshot) throws {
        try target.connection.execute(entity.id.lock(.merge))
        try chunks.hold(chunk)
        let seen: Parameter = entity.handover == .snapshot ? .text(snapshot.description) : .null
        try target.connection.query(entity.sql.fillNewer(types: try types(entity)), [seen])
    }

    private func complete(
        _ chunk: Chunk, _ passed: CopyPipe.Passed, _ snapshot: TransactionSnapshot
    ) throws -> ChunkOutcome {
        let outcome = ChunkOutcome(
            snapshot: snapshot, rows: passed.rows, bytes: passed.bytes, digest: passed.digest.value)
        try chunks.complete(chunk, outcome)
        try options.pause(.beforeCommit)
        return outcome
    }

    private func types(_ entity: LoadingEntity) throws -> [String] {
        if let known = newerTypes[entity.name] { return known }
        let types = try target.connection.query(entity.sql.newerTypes).rows.compactMap { $0[0] }
        newerTypes[entity.name] = types
        return types
    }

    // MARK: The fast path

    private static let mostExceptions = 1000

    /// Copies the rows straight into the target table, when there is nothing to be merged with.
    ///
    /// - Returns: nil when it has to go by the stage: there are rows in the way, or a row does not fit, which only the
    ///   stage can tell apart.
    private func copyDirectly(
        _ chunk: Chunk, of entity: LoadingEntity, _ snapshot: TransactionSnapshot
    ) throws -> ChunkOutcome? {
        do {
            return try target.transaction {
                try lock(chunk, of: entity, snapshot)
                guard let way = try clearTheWay(chunk.range, of: entity) else { throw NotDirectly() }
                var keys = CopiedKeys(places: entity.sql.keyPlaces)
                let passed = try CopyPipe.copy(
                    entity.sql.selectFields(chunk.range, excluding: way.kept), on: source.connection,
                    into: entity.sql.directTable, on: target.connection, passing: { keys.add($0) })
                let manifest = ManifestSQL(entity: entity)
                if keys.count > 0 {
                    try target.connection.query(manifest.noteCopied, [.int(keys.count), keys.parameter])
                }
                if way.isCleared { try target.connection.query(manifest.noteGone(types: try types(entity))) }
                return try complete(chunk, passed, snapshot)
            }
        } catch is NotDirectly {
            return nil
        } catch let error as PostgresError where ["22", "23"].contains(error.sqlState?.classCode) {
            return nil
        }
    }

    private struct NotDirectly: Error {}

    /// What a plain copy has before it.
    private struct Way {
        /// The keys that it has to leave out.
        var kept: [[String]] = []
        /// Whether rows were deleted for it.
        var isCleared = false
    }

    /// Makes the range ready for a plain copy, if that is possible.
    private func clearTheWay(_ range: KeyRange, of entity: LoadingEntity) throws -> Way? {
        let connection = target.connection
        let isAllSource = try target.ownership(of: entity.entity).isAllSource
        guard isAllSource || entity.entity.fields.allSatisfy(\.isSeeded) else { return nil }
        guard entity.handover == .snapshot else {
            // Ranges mean nothing on the target: only where the stream has touched nothing and no other wave has rows.
            let touched = try connection.query("SELECT FROM \(entity.sql.newer) LIMIT 1").rowCount
            return touched == 0 && entity.isFirst ? Way() : nil
        }
        let limit = Self.mostExceptions
        let newer = try connection.query(entity.sql.newerKeys(range, limit: limit)).rows.compactMap { $0[0] }
        guard newer.count < limit else { return nil }
        let others = try connection.query(entity.sql.otherKeys(range, limit: limit)).rowCount
        if others > 0 {
            // Rows that the stream has brought: the chunk has them too, or they are gone. A delete must not cascade.
            guard isAllSource, others < limit, entity.sql.bringsWholeRows, target.isReplica else { return nil }
            try connection.query(
                ManifestSQL(entity: entity).keep(where: entity.sql.others(range), action: "overwritten"))
            try connection.query(entity.sql.deleteOthers(range))
        }
        return Way(kept: newer.compactMap { PostgresArray.key($0) }, isCleared: others > 0)
    }
}
