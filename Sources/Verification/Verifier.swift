import Baseline
import Foundation
import Ledger
import LibPQ
import Model
public import Playbook
import Sync

/// Compares both sides of a migration while they go on changing, and leaves certificates of what is equal in the ledger.
///
/// A verification that was stopped or killed goes on with the ranges that have no certificate yet when the same is asked for
/// again.
public final class Verifier {
    private let playbook: CompiledPlaybook
    private let options: VerifyOptions

    /// A verification of a playbook's entities.
    public init(_ playbook: CompiledPlaybook, options: VerifyOptions) {
        self.playbook = playbook
        self.options = options
    }

    private typealias Compared = (entity: ComparedEntity, isOnSource: Bool)

    /// Compares. Blocks until all ranges are compared, or the budget is over.
    ///
    /// - Throws: `VerificationError`, `LedgerError` or `PostgresError`; what was certified stays certified.
    public func run() throws -> VerifyOutcome {
        let end = options.budget.map { ContinuousClock.now + $0 }
        let sessions = try SideSessions(options, for: playbook.playbook, name: "tidegate verify")
        try Migrations().apply(on: sessions.target)
        guard try sessions.source.query("SELECT pg_is_in_recovery()").scalar == "f" else {
            throw VerificationError(
                .source, "the source is a standby, which may be behind the stream; compare with the primary")
        }
        let epoch = try Ownership(on: sessions.target).epoch()
        let (compared, notLoaded) = try comparedEntities(sessions, epoch)
        for entity in notLoaded { options.report(.skipped(entity)) }
        guard !compared.isEmpty else {
            throw VerificationError(
                .nothingToVerify, "nothing is loaded yet of what was asked for (\(subject)): load it first")
        }
        let ledger = Verifications(on: sessions.target)
        let (id, isResumed) = try ledger.open(
            Verifications.Subject(
                playbook: playbook.hash, text: subject, wave: options.wave, entities: compared.map(\.entity.name),
                epoch: epoch.number))
        if isResumed { options.report(.resumed(verification: id)) }
        try plan(id, compared, ledger, sessions)
        let open = try ledger.openRanges(id)
        try compare(id, open, compared, end)
        let isStill = try Ownership(on: sessions.target).epoch().number == epoch.number
        return try conclude(id, compared, notLoaded, ledger, isStill)
    }

    /// What is compared, in words.
    private var subject: String {
        var words = options.wave.map { "wave \($0)" } ?? "everything"
        if !options.entities.isEmpty {
            words =
                (options.wave.map { "wave \($0), " } ?? "") + "entities "
                + options.entities.map(\.rawValue).sorted().joined(separator: ", ")
        }
        return words + (options.onlyDirty ? ", what has changed" : "") + (options.repairs ? ", repairing" : "")
    }

    // MARK: What is compared

    private func comparedEntities(
        _ sessions: SideSessions, _ epoch: OwnershipEpoch
    ) throws -> (compared: [Compared], notLoaded: [EntityName]) {
        for name in options.entities where playbook[name] == nil {
            throw VerificationError(.nothingToVerify, "the playbook has no entity \(name)")
        }
        if let wave = options.wave, !playbook.waves.contains(wave) {
            let known = playbook.waves.map(\.rawValue).joined(separator: ", ")
            throw VerificationError(.nothingToVerify, "the playbook has no wave \(wave); its waves are \(known)")
        }
        let form = try DigestForm.common(sessions.source, sessions.target)
        let ids = try Entities(on: sessions.target).register(playbook.entities.map(\.name))
        var compared: [Compared] = []
        var notLoaded: [EntityName] = []
        for entity in playbook.entities where isMeant(entity) {
            guard let id = ids[entity.name] else { continue }
            let scopes = try Scopes(on: sessions.target).read(id)
            let one = ComparedEntity(
                entity, id: id, scopes: scopes, ownership: EntityOwnership(of: entity, in: epoch), form: form)
            let isLoaded = options.wave.map { scopes.state(of: $0) == .live } ?? !one.live.isEmpty
            guard isLoaded else {
                notLoaded.append(entity.name)
                continue
            }
            compared.append((one, try isReadOnSource(one, sessions.source)))
        }
        return (compared, notLoaded)
    }

    private func isMeant(_ entity: CompiledEntity) -> Bool {
        (options.entities.isEmpty || options.entities.contains(entity.name))
            && (options.wave.map { entity.scope(in: $0) != nil } ?? true)
    }

    /// Whether the source can plan the mapping.
    private func isReadOnSource(_ entity: ComparedEntity, _ source: Connection) throws -> Bool {
        guard entity.mayReadOnSource else { return false }
        do {
            try source.execute("EXPLAIN \(entity.digest(.source, .all))")
            return true
        } catch {
            guard error.sqlState?.classCode == "42" || error.sqlState?.classCode == "22" else { throw error }
            return false
        }
    }

    // MARK: Ranges

    private func plan(
        _ id: Int64, _ compared: [Compared], _ ledger: Verifications, _ sessions: SideSessions
    ) throws {
        for (entity, isOnSource) in compared {
            if try !ledger.isPlanned(id, entity.id) {
                let isTakenOver = try options.onlyDirty && ledger.planDirty(id, entity.id) != nil
                if !isTakenOver { try ledger.plan(id, entity.id, ranges: try ranges(entity, sessions.source)) }
            }
            let open = try ledger.openRanges(id).filter { $0.entity == entity.id }
            let summary = try ledger.summaries(id).first { $0.entity == entity.id }
            options.report(
                .planned(
                    entity.name, rows: open.reduce(0) { $0 + ($1.rowsEstimated ?? 0) },
                    ranges: summary?.ranges.values.reduce(0, +) ?? 0, toDo: open.count, isOnSource: isOnSource))
        }
    }

    private func ranges(_ entity: ComparedEntity, _ source: Connection) throws -> [(range: KeyRange, rows: Int?)] {
        let planner = ChunkPlanner(source: source, chunkBytes: playbook.limits.chunkBytes)
        let plan = try planner.plan(entity.entity, where: entity.inScope(entity.started))
        return entity.hasRanges ? plan.ranges : [(.all, plan.rows)]
    }

    // MARK: Comparing

    private func compare(
        _ id: Int64, _ open: [Verifications.OpenRange], _ compared: [Compared], _ end: ContinuousClock.Instant?
    ) throws {
        guard !open.isEmpty else { return }
        let queue = RangeQueue(open)
        let worker = VerifyWorker(
            playbook: playbook, options: options,
            entities: Dictionary(uniqueKeysWithValues: compared.map { ($0.entity.id, $0) }), verification: id,
            queue: queue, end: end)
        let group = DispatchGroup()
        for number in 0..<max(1, min(options.workers, open.count)) {
            group.enter()
            let thread = Thread {
                worker.run("tidegate verify \(number)")
                group.leave()
            }
            thread.name = "verify-\(number)"
            thread.start()
        }
        group.wait()
        try queue.throwFailure()
    }

    private func conclude(
        _ id: Int64, _ compared: [Compared], _ notLoaded: [EntityName], _ ledger: Verifications, _ isSameEpoch: Bool
    ) throws -> VerifyOutcome {
        let names = Dictionary(uniqueKeysWithValues: compared.map { ($0.entity.id, $0.entity.name) })
        let tolerances = compared.flatMap { one in
            one.entity.fields.compactMap { field in
                field.canonical.tolerance.map { "\(one.entity.name).\(field.column): \($0)" }
            }
        }
        let outcome = VerifyOutcome(
            verification: id, summaries: try ledger.summaries(id), names: names, notLoaded: notLoaded,
            tolerances: tolerances, drift: try ledger.drift(id, limit: VerifyOutcome.mostKeys),
            isSameEpoch: isSameEpoch)
        if outcome.rangesLeft == 0 {
            try ledger.finish(id, outcome.verdict.rawValue, detail: outcome.counts)
        }
        return outcome
    }
}
