public import Ledger
import LibPQ
public import Model
public import Playbook

/// The baseline of one wave, from the first change of state to the proof that baseline and stream are joined.
///
/// Every step is in the ledger before the next begins, so that a load that was killed goes on where it was when it is
/// run again, and several processes may run the same load at once:
///
/// 1. every scope of the wave is changed to `loading`; from then on lanes remember what they touch;
/// 2. once the connector's slot brings everything, a snapshot of the source is noted, and all transactions in progress
///    in it are waited for;
/// 3. chunks are planned, once, and loaded by all workers of all processes;
/// 4. rows that have to be read again are;
/// 5. the seal is taken, and when the stream is past it, the scope is `live`.
public final class WaveLoad {
    let playbook: CompiledPlaybook
    let wave: WaveName
    let options: LoadOptions

    /// What a load has come to.
    public struct Outcome: Sendable {
        /// Entities that this run brought to `live`.
        public var loaded: [EntityName] = []
        /// Entities that were `live` before it.
        public var alreadyLive: [EntityName] = []
        /// Whether the load ended as a pilot, with chunks left: nothing is live yet.
        public var isPilot = false
        /// Known defects that the wave's rows had, of all runs of its load and of its events since.
        public var defects: [Status.DefectStatus] = []
    }

    /// A load of `wave`.
    public init(_ playbook: CompiledPlaybook, wave: WaveName, options: LoadOptions) {
        self.playbook = playbook
        self.wave = wave
        self.options = options
    }

    /// Loads. Blocks until the wave is live. Connections that break are opened again, some times.
    ///
    /// - Throws: `BaselineError`, `LedgerError` or `PostgresError`; what was merged stays merged, and running it again
    ///   goes on from there.
    public func run() throws -> Outcome {
        var patience = Patience()
        var loaded: [EntityName] = []
        while true {
            do {
                return try attempt(&loaded)
            } catch let error as PostgresError where patience.allows(error) {
                options.report(.waiting(for: "another try after: \(error)"))
                guard patience.pause(unless: options.shouldStop) else { throw error }
            }
        }
    }

    /// - Parameter loaded: what this and earlier attempts have brought to `live`.
    private func attempt(_ loaded: inout [EntityName]) throws -> Outcome {
        let target = try TargetSession(options, for: playbook.playbook, name: "tidegate load")
        try Migrations().apply(on: target.connection)
        let source = try options.source.map { try SourceSession($0) }
        try source?.refuseStandby()
        if options.origin == .source, source == nil {
            throw BaselineError(
                .source, "the playbook names no source database; load from exported files (--csv) or from the topics")
        }
        let scopes = try self.scopes()
        try source?.refuseUnpublished(scopes.map(\.0.source), by: options.publications)
        var outcome = Outcome()
        let waves = Waves(on: target.connection)
        try waves.beginLoad(wave)
        let loading = try begin(scopes, target, &outcome)
        outcome.alreadyLive.removeAll(where: loaded.contains)
        outcome.loaded = loaded
        guard !loading.isEmpty else {
            try waves.endLoad(wave)
            return outcome
        }
        try options.pause(.afterFlip)
        try settle(loading, target, source)
        try options.pause(.afterSettle)
        try plan(loading, target, source)
        try options.pause(.afterPlan)
        try loadChunks(loading, target)
        if options.pilotChunks != nil, try !isComplete(loading, target) {
            outcome.isPilot = true
            return outcome
        }
        if let source {
            try removeGone(loading, target, source)
            try readAgain(loading, target, source)
        }
        for entity in loading {
            try seal(entity, target, source)
            loaded.append(entity.name)
        }
        outcome.loaded = loaded
        outcome.defects = try Status(on: target.connection).defects.filter { $0.wave == wave.rawValue }
        try waves.endLoad(wave)
        return outcome
    }

    // MARK: Beginning

    /// What the wave takes, parents first.
    func scopes() throws -> [(CompiledEntity, CompiledScope)] {
        var entities = playbook.entities.compactMap { entity in entity.scope(in: wave).map { (entity, $0) } }
        guard !entities.isEmpty else {
            let known = playbook.waves.map(\.rawValue).joined(separator: ", ")
            throw BaselineError(
                .unknownWave, "the playbook has no wave \(wave) that takes rows; its waves are \(known)")
        }
        guard let wanted = options.entities else { return entities }
        if let unknown = wanted.first(where: { name in !entities.contains { $0.0.name == name } }) {
            let known = entities.map(\.0.name.rawValue).joined(separator: ", ")
            throw BaselineError(.unknownWave, "wave \(wave) takes no rows of \(unknown); its entities are \(known)")
        }
        entities.removeAll { !wanted.contains($0.0.name) }
        return entities
    }

    private func begin(
        _ entities: [(CompiledEntity, CompiledScope)], _ target: TargetSession, _ outcome: inout Outcome
    ) throws -> [LoadingEntity] {
        let ids = try Entities(on: target.connection).register(entities.map(\.0.name))
        var loading: [LoadingEntity] = []
        for (entity, scope) in entities {
            guard let id = ids[entity.name] else { continue }
            let sql = EntitySQL(entity: entity, id: id, scope: scope)
            try target.connection.execute(entity.statements.createStage)
            try target.connection.execute(sql.createNewer)
            guard let begun = try begin(sql, target) else {
                outcome.alreadyLive.append(entity.name)
                continue
            }
            loading.append(begun)
        }
        return loading
    }

    /// Changes one scope to loading; nil when it is live already.
    private func begin(_ sql: EntitySQL, _ target: TargetSession) throws -> LoadingEntity? {
        let scopes = Scopes(on: target.connection)
        let known = try scopes.read(sql.id)
        if options.again { return try beginAgain(sql, known, target) }
        let others = known.started.filter { $0 != wave }
        if known.state(of: wave) == .live { return nil }
        if known.state(of: wave) == .pending, others.isEmpty { try refuseUnknownRows(sql.entity, target) }
        let mode = Handover.mode(
            hasTransactions: options.origin == .source, keysSortAlike: try keysSortAlike(sql, target),
            takesEveryRow: sql.scope.isAll, isFirst: others.isEmpty)
        let record = try scopes.begin(sql.id, wave: wave, origin: options.origin, handover: mode)
        if record.state == .live { return nil }
        guard record.origin == options.origin else {
            throw BaselineError(
                .source, "this load was begun from \(record.origin.rawValue); it has to be finished from there")
        }
        return loading(sql, record, beside: others)
    }

    /// Whether a key range means the same on both sides.
    func keysSortAlike(_ sql: EntitySQL, _ target: TargetSession) throws -> Bool {
        guard sql.entity.keyOrder == .strong, EntitySQL.hasPlainKey(sql.entity) else { return false }
        return try target.connection.query(sql.newerSortsByBytes).scalar == "t"
    }

    /// An entity as its scope is to be loaded: when that is done anew, together with what the other started waves take.
    func loading(_ sql: EntitySQL, _ record: ScopeRecord, beside others: [WaveName]) -> LoadingEntity {
        let scope = record.isAgain ? sql.scope.including(others.compactMap { sql.entity.scope(in: $0) }) : sql.scope
        return LoadingEntity(
            sql: EntitySQL(entity: sql.entity, id: sql.id, scope: scope), handover: record.handover,
            origin: record.origin, isFirst: others.isEmpty, isAgain: record.isAgain)
    }

    /// A table whose rows nobody has loaded is not ours to merge into.
    private func refuseUnknownRows(_ entity: CompiledEntity, _ target: TargetSession) throws {
        let found = try target.connection.query("SELECT count(*) FROM \(entity.target.quoted)")
        let rows = found.scalar.flatMap(Int.init) ?? 0
        guard rows == 0 else {
            throw BaselineError(
                .unknownRows,
                "\(entity.target) holds \(rows) rows that no wave has loaded; empty it, or find out whose they are")
        }
    }

    // MARK: Settling

    private func settle(_ loading: [LoadingEntity], _ target: TargetSession, _ source: SourceSession?) throws {
        let scopes = Scopes(on: target.connection)
        if options.origin == .source, let source {
            for entity in loading {
                let ends = try options.logEnds?(options.topic(entity.entity.source)) ?? [:]
                try Checkpoints(on: target.connection).begin(flow: .forward, at: ends.mapValues(\.low))
            }
            if !options.slots.isEmpty {
                try source.waitForSlot(
                    options.slots, shouldStop: options.shouldStop, waiting: { options.report(.waiting(for: $0)) })
                // A capture that was started meanwhile has made its publication.
                try source.refuseUnpublished(loading.map(\.entity.source), by: options.publications)
            }
            let now = try source.snapshotWithAllInProgress()
            for entity in loading {
                let record = try scopes.start(entity.id, wave: wave, snapshot: now)
                if record.isSettled { continue }
                try source.waitForTransactions(
                    in: record.startedSnapshot ?? now, shouldStop: options.shouldStop,
                    waiting: { options.report(.waiting(for: $0)) })
                try scopes.settle(entity.id, wave: wave)
            }
            return
        }
        // Files and snapshot events are older than what the stream has skipped as pending: it starts over.
        for entity in loading where try !scopes.scope(entity.id, wave).isSettled {
            try Checkpoints(on: target.connection).rewind(flow: .forward, topic: options.topic(entity.entity.source))
            try scopes.settle(entity.id, wave: wave)
        }
    }

    // MARK: Planning

    private func plan(_ loading: [LoadingEntity], _ target: TargetSession, _ source: SourceSession?) throws {
        let chunks = Chunks(on: target.connection)
        for entity in loading {
            if try !Scopes(on: target.connection).scope(entity.id, wave).isPlanned {
                let plan = try ranges(entity, source)
                _ = try chunks.plan(entity.id, wave: wave, ranges: plan.ranges, rowsEstimated: plan.rows)
            }
            let progress = try chunks.progress(entity.id, wave: wave)
            options.report(.planned(entity.name, rows: progress.rowsEstimated, chunks: progress.total))
        }
    }

    private func ranges(_ entity: LoadingEntity, _ source: SourceSession?) throws -> ChunkPlanner.Plan {
        switch entity.origin {
        case .topic: return ChunkPlanner.Plan(ranges: [], rows: 0)
        case .csv: return ChunkPlanner.Plan(ranges: [(KeyRange(low: nil, high: nil), nil)], rows: 0)
        case .source:
            guard let source else { throw BaselineError(.source, "the playbook names no source database") }
            let scope = entity.sql.scope
            return try ChunkPlanner(source: source.connection, chunkBytes: playbook.limits.chunkBytes)
                .plan(entity.entity, where: scope.isAll ? nil : scope.sourcePredicate)
        }
    }

    // MARK: Loading

    private func isComplete(_ loading: [LoadingEntity], _ target: TargetSession) throws -> Bool {
        let chunks = Chunks(on: target.connection)
        return try loading.allSatisfy { try chunks.progress($0.id, wave: wave).isComplete }
    }

    private func loadChunks(_ loading: [LoadingEntity], _ target: TargetSession) throws {
        let chunks = Chunks(on: target.connection)
        let open = try loading.filter { try !chunks.progress($0.id, wave: wave).isComplete }
        guard !open.isEmpty else { return }
        let limits = playbook.limits
        let count = options.origin == .source ? min(limits.loadWorkers, limits.sourceConnections) : limits.loadWorkers
        try WorkerPool(
            options: options, playbook: playbook, entities: open, count: max(1, count)
        ).run()
    }

    /// Rows whose deletes were lost.
    private func removeGone(_ loading: [LoadingEntity], _ target: TargetSession, _ source: SourceSession) throws {
        let scopes = Scopes(on: target.connection)
        let open = try loading.filter { try $0.isAgain && scopes.scope($0.id, wave).seal == nil }
        guard !open.isEmpty else { return }
        try GoneRows(entities: open, target: target, source: source, options: options).remove()
    }

    /// Rows that had to wait for others: parents first, entities that point at each other together.
    private func readAgain(_ loading: [LoadingEntity], _ target: TargetSession, _ source: SourceSession) throws {
        let scopes = Scopes(on: target.connection)
        var left = try loading.filter { try scopes.scope($0.id, wave).seal == nil }
        while let first = left.first {
            let circle = playbook.cycles.first { $0.contains(first.name) } ?? [first.name]
            let group = left.filter { circle.contains($0.name) }
            left.removeAll { circle.contains($0.name) }
            try RereadPass(entities: group, target: target, source: source, options: options).run()
        }
    }

    // MARK: Sealing

    private func seal(_ entity: LoadingEntity, _ target: TargetSession, _ source: SourceSession?) throws {
        let scopes = Scopes(on: target.connection)
        if try scopes.scope(entity.id, wave).seal == nil {
            var seal = Seal(snapshot: nil, position: nil)
            if options.origin == .source, let source {
                seal = Seal(snapshot: try source.snapshot(), position: try source.logEnd())
            }
            try scopes.seal(entity.id, wave: wave, seal)
        }
        guard let seal = try scopes.scope(entity.id, wave).seal else { return }
        options.report(.sealed(entity.name, seal))
        try options.pause(.afterSeal)
        try SealProof(
            entity: entity, seal: seal, target: target, source: source, options: options,
            topic: options.topic(entity.entity.source)
        ).wait()
        try options.pause(.beforeLive)
        try scopes.finish(entity.id, wave: wave)
        options.report(.live(entity.name))
    }
}
