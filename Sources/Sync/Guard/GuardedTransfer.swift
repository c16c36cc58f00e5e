public import Ledger
public import LibPQ
public import Model
public import Playbook

/// A transfer of ownership in everything that must know of it: the ledger of each flow, and the guards of each side.
///
/// The guards of the side that loses come first, and those of the side that wins last: in between neither side's
/// applications write what is transferred.
public struct GuardedTransfer {
    private let playbook: CompiledPlaybook
    private let target: Connection
    private let source: Connection?

    /// - Parameter source: the source's database; nil for one that cannot be reached.
    public init(_ playbook: CompiledPlaybook, target: Connection, source: Connection?) {
        self.playbook = playbook
        self.target = target
        self.source = source
    }

    /// Transfers ownership.
    ///
    /// - Parameter drain: waits until what the losing side has written is applied; called when its guards are there.
    ///   What it returns is told to the audit trail.
    /// - Returns: the epoch that it begins, and the sides whose guards were renewed.
    /// - Throws: what kept it from being made: then ownership and guards are as they were.
    public func run(
        _ subject: Ownership.Subject, to owner: Side, reason: String, drain: () throws -> [String: String] = { [:] }
    ) throws -> (epoch: Int64, guarded: [Side]) {
        var guarded: [Side] = []
        let before = try Ownership(on: target).epoch()
        if try renew(owner.other, in: subject.epoch(after: before, to: owner)) { guarded.append(owner.other) }
        let epoch: Int64
        do {
            epoch = try transfer(subject, owner, reason, drain())
        } catch {
            _ = try? renew(owner.other, in: Ownership(on: target).epoch())
            throw error
        }
        let after = try Ownership(on: target).epoch()
        if after.number != before.number + 1 { _ = try renew(owner.other, in: after) }
        if try renew(owner, in: after) { guarded.append(owner) }
        return (epoch, guarded)
    }

    private func transfer(
        _ subject: Ownership.Subject, _ owner: Side, _ reason: String, _ evidence: [String: String]
    ) throws -> Int64 {
        guard let source, !playbook.playbook.reverseEntities.isEmpty else {
            return try Ownership(on: target).transfer(subject, to: owner, reason: reason, evidence: evidence) {
                try source.flatMap { try SourceLog(on: $0).end() }
            }
        }
        try Migrations().apply(on: source)
        return try SharedOwnership(target: target, source: source)
            .transfer(subject, to: owner, reason: reason, evidence: evidence)
    }

    private func renew(_ side: Side, in epoch: OwnershipEpoch) throws -> Bool {
        guard let connection = side == .target ? target : source else { return false }
        return try Guard(side, on: connection).renew(playbook.entities, in: epoch)
    }
}
