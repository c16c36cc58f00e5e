import Foundation
import Ledger
import LibPQ
import Model
import Playbook

/// A thread that compares ranges until none is left.
struct VerifyWorker: Sendable {
    let playbook: CompiledPlaybook
    let options: VerifyOptions
    let entities: [EntityID: (entity: ComparedEntity, isOnSource: Bool)]
    let verification: Int64
    let queue: RangeQueue
    /// When the budget is over.
    let end: ContinuousClock.Instant?

    private static let mostFailures = 5

    func run(_ name: String) {
        do {
            var sessions = try SideSessions(options, for: playbook.playbook, name: name)
            while let range = queue.take() { try compare(range, &sessions, name) }
        } catch { queue.fail(error) }
    }

    private func compare(_ range: Verifications.OpenRange, _ sessions: inout SideSessions, _ name: String) throws {
        guard let (entity, isOnSource) = entities[range.entity] else { return }
        var failures = 0
        while true {
            if options.shouldStop() {
                throw VerificationError(.stopped, "stopped; running it again goes on from there")
            }
            if let end, ContinuousClock.now >= end { return }
            do {
                let left = end.map { max(.milliseconds(50), $0 - ContinuousClock.now) }
                try sessions.limitStatements(to: min(options.statementTimeout, left ?? options.statementTimeout))
                let check = RangeCheck(
                    entity: entity, sessions: sessions, isOnSource: isOnSource, options: options,
                    verification: verification, end: end)
                let certificate = try check.run(range.range)
                try sessions.limitStatements(to: nil)
                try Verifications(on: sessions.target).certify(verification, range, certificate)
                options.report(.certified(entity.name, certificate))
                return
            } catch let error as PostgresError {
                if let end, error.sqlState == .queryCanceled, ContinuousClock.now >= end { return }
                if sessions.target.isAlive, let reason = Self.limit(error) {
                    return try giveUp(range, entity, reason, sessions)
                }
                failures += 1
                guard error.isRetriable, failures <= Self.mostFailures else { throw error }
                options.report(.waiting("another try after: \(error)"))
                Thread.sleep(forTimeInterval: 0.2 * Double(failures))
                sessions = try SideSessions(options, for: playbook.playbook, name: name)
            }
        }
    }

    /// The limit that a statement has run into, in words.
    private static func limit(_ error: PostgresError) -> String? {
        switch error.sqlState {
        case .queryCanceled: "a statement took longer than its limit"
        case .lockNotAvailable: "a lock was not to be had in time"
        default: nil
        }
    }

    private func giveUp(
        _ range: Verifications.OpenRange, _ entity: ComparedEntity, _ reason: String, _ sessions: SideSessions
    ) throws {
        var certificate = Certificate(
            waves: entity.started.map(\.wave).sorted(), form: entity.form.rawValue, tolerances: [:])
        certificate.state = .unproven
        certificate.reason = reason
        try sessions.limitStatements(to: nil)
        try Verifications(on: sessions.target).certify(verification, range, certificate)
        options.report(.certified(entity.name, certificate))
    }
}
