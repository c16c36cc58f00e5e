import Ledger
import LibPQ
import Model
import Playbook

/// Loading rows anew that are loaded already: after the topic has lost changes of theirs, nobody but the source knows what
/// they are.
///
/// It is a load like the first one, beside a stream that goes on, with these differences:
/// - Its chunks hold the rows of *every* started scope of the entity, for the lost changes may have been of any of them; so
///   they stand for every row of their range that can be in the target, whatever other waves there are.
/// - A row that is in the target may be old in any column: lanes read what an event leaves out from the source.
/// - Rows may be there that are gone from the source: they are removed by exact key (`GoneRows`), since nothing else will.
/// - Events that are parked are older than the baseline; they are given up.
extension WaveLoad {
    /// What loading the wave's entities anew would do. Nothing is changed.
    ///
    /// - Throws: `BaselineError`, `LedgerError`, `PostgresError`, or what `logEnds` throws.
    public func planAgain() throws -> [AgainPlan] {
        let target = try TargetSession(options, for: playbook.playbook, name: "tidegate load")
        try Migrations().verify(on: target.connection)
        let ids = try Entities(on: target.connection).find()
        return try scopes().map { entity, _ in
            guard let id = ids[entity.name] else {
                throw BaselineError(.unknownWave, "\(entity.name) was never loaded: load wave \(wave) without --again")
            }
            let known = try Scopes(on: target.connection).read(id)
            guard known.state(of: wave) != .pending else {
                throw BaselineError(
                    .unknownWave, "wave \(wave) of \(entity.name) was never loaded: load it without --again")
            }
            let parked = try target.connection.query(
                """
                SELECT count(*) FROM tidegate.quarantine
                WHERE entity_id = $1 AND flow = 'forward' AND state IN ('parked', 'retrying')
                """, [.int(id.rawValue)])
            return AgainPlan(
                entity: entity.name, waves: known.started, moves: try moves(of: entity, target),
                parked: parked.scalar.flatMap(Int.init) ?? 0)
        }
    }

    /// Changes a scope back to loading, or takes up a load anew that was interrupted.
    func beginAgain(_ sql: EntitySQL, _ known: EntityScopes, _ target: TargetSession) throws -> LoadingEntity {
        guard options.origin == .source, options.source != nil else {
            throw BaselineError(.source, "rows can be loaded anew from the source's database only")
        }
        let others = known.started.filter { $0 != wave }
        let moves = try moves(of: sql.entity, target)
        if let record = known.scopes[wave], record.state == .loading, moves.isEmpty {
            return loading(sql, record, beside: others)
        }
        let mode = Handover.mode(
            hasTransactions: true, keysSortAlike: try keysSortAlike(sql, target), takesEveryRow: true,
            isFirst: others.isEmpty)
        let begun = try Scopes(on: target.connection).beginAgain(
            sql.id, wave: wave, handover: mode, topic: options.topic(sql.entity.source), moves: moves)
        return loading(sql, begun.scope, beside: others)
    }

    /// Where the flow can go on in partitions of the entity's topic that do not hold what should come next: at their ends, since
    /// the baseline is yet to be read and holds the effect of everything before. Their beginnings move while a topic expires.
    private func moves(of entity: CompiledEntity, _ target: TargetSession) throws -> [CheckpointMove] {
        let topic = options.topic(entity.source)
        guard let ends = try options.logEnds?(topic) else { return [] }
        let checkpoints = try Checkpoints(on: target.connection).find(flow: .forward, topic: topic)
        let stopped = try Stalls(on: target.connection).waitingForPeople(.forward, topic: topic)
        return checkpoints.sorted { $0.key < $1.key }.compactMap { partition, checkpoint in
            guard let bound = ends[partition], let next = checkpoint.nextOffset else { return nil }
            let gap = OffsetGap(next: next, low: bound.low, high: bound.end)
            guard let reason = gap?.description ?? stopped[partition] else { return nil }
            return CheckpointMove(
                partition, from: next, to: bound.end, keepsPosition: gap?.isExpired ?? false, reason: reason)
        }
    }
}
