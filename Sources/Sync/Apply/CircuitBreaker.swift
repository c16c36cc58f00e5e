internal import ChangeEvents
internal import Model
internal import Playbook

/// Stops an entity of whose events too many are rejected: what is wrong then is not the rows.
///
/// Counted are a lane's events of late, so that a slow trickle of bad rows trips it as well as a burst. The batch that trips
/// it is not applied; it is tried again as that of any stopped entity.
struct CircuitBreaker {
    private struct Tally {
        var events = 0
        var rejected = 0
    }

    /// As many must be rejected, and half of all, to trip it; 0 for never.
    private let least: Int
    private let names: [String]
    private var tallies: [Tally]
    /// Older events count less and less.
    private static let memory = 10_000

    init(_ playbook: CompiledPlaybook) {
        least = playbook.limits.breakerEvents
        names = playbook.entities.map(\.name.rawValue)
        tallies = Array(repeating: Tally(), count: playbook.entities.count)
    }

    /// Whether a batch may be applied.
    ///
    /// - Throws: `EntityFailure` for the first entity of which too many events are rejected.
    func check(_ outcome: ApplyOutcome, _ batch: LaneBatch) throws {
        guard least > 0 else { return }
        for (index, tally) in tallies.enumerated() {
            let (events, rejected) = (
                tally.events + Self.events(index, batch), tally.rejected + Self.rejected(index, outcome)
            )
            guard rejected >= least, rejected * 2 > events else { continue }
            let last = outcome.rejections.last { $0.entity == index && !mayPass($0.error) }
            throw EntityFailure(
                entity: index,
                cause: SyncError(
                    .breaker,
                    """
                    \(rejected) of the last \(events) events of \(names[index]) are rejected, which is no matter of single rows; \
                    mend the cause, or set limits.breaker_events higher\(last.map { "; the last: \($0.error)" } ?? "")
                    """))
        }
    }

    /// A batch was applied.
    mutating func note(_ outcome: ApplyOutcome, _ batch: LaneBatch) {
        for index in tallies.indices where !batch.entities[index].isEmpty {
            tallies[index].events += Self.events(index, batch)
            tallies[index].rejected += Self.rejected(index, outcome)
            guard tallies[index].events > Self.memory else { continue }
            tallies[index].events /= 2
            tallies[index].rejected /= 2
        }
    }

    private static func events(_ index: Int, _ batch: LaneBatch) -> Int { batch.entities[index].rows.rowCount }

    /// What only waits for another row is no fault.
    private static func rejected(_ index: Int, _ outcome: ApplyOutcome) -> Int {
        outcome.rejections.reduce(0) { $0 + ($1.entity == index && !mayPass($1.error) ? $1.rows.count : 0) }
    }
}
