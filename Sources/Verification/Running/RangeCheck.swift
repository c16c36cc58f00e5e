import Ledger
import LibPQ
import Model
import Playbook
import Sync

/// Compares one range: digests first, then the rows that may differ, and repairs them if it is to.
struct RangeCheck {
    let entity: ComparedEntity
    let sessions: SideSessions
    let isOnSource: Bool
    let options: VerifyOptions
    let verification: Int64
    /// When the budget is over.
    let end: ContinuousClock.Instant?

    /// What is to be certified of the range.
    func run(_ range: KeyRange) throws -> Certificate {
        var certificate = Certificate(
            waves: entity.started.map(\.wave).sorted(), form: entity.form.rawValue, tolerances: tolerances)
        let (pair, suspects) = try DigestReader(entity: entity, sessions: sessions, isOnSource: isOnSource).read(range)
        certificate.source = pair.source
        certificate.target = pair.target
        certificate.snapshot = pair.snapshot
        certificate.position = pair.position
        certificate.suspects = suspects.count
        guard !suspects.isEmpty else { return certificate }
        var outcome = try check(suspects)
        let drifted = outcome.rows.filter { $0.kind != .unproven }
        if options.repairs, !drifted.isEmpty {
            let refusal = try Repair(entity: entity, sessions: sessions, verification: verification)
                .run(drifted.map(\.key))
            let again = try check(drifted.map(\.key))
            certificate.repaired = drifted.count - again.rows.count
            outcome.rows = outcome.rows.filter { $0.kind == .unproven } + again.rows
            outcome.reason = refusal ?? again.reason ?? outcome.reason
        }
        certificate.rows = outcome.rows
        certificate.parked = outcome.parked
        certificate.reason = outcome.reason
        certificate.state = certificate.drifted > 0 ? .drift : certificate.unproven > 0 ? .unproven : .equal
        if certificate.state == .equal { certificate.reason = nil }
        return certificate
    }

    private var tolerances: [String: String] {
        var found: [String: String] = [:]
        for field in entity.fields { found[field.column] = field.canonical.tolerance?.description }
        return found
    }

    private func check(_ keys: [[String]]) throws -> SuspectCheck.Outcome {
        let patience = ContinuousClock.now + options.patience
        return try SuspectCheck(
            entity: entity, sessions: sessions,
            passage: StreamPassage(
                .forward, topic: options.topic(entity.entity.source), slots: options.slots, logEnds: options.logEnds),
            deadline: end.map { min($0, patience) } ?? patience, shouldStop: options.shouldStop
        ).run(keys)
    }
}
