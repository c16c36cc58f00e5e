import Ledger
import Synchronization

/// The ranges that are left, for the workers to take from.
final class RangeQueue: Sendable {
    private struct State {
        var ranges: [Verifications.OpenRange]
        var failure: (any Error)?
    }

    private let state: Mutex<State>

    init(_ ranges: [Verifications.OpenRange]) { state = Mutex(State(ranges: ranges.reversed())) }

    /// The next; nil when none is left or a worker has failed.
    func take() -> Verifications.OpenRange? {
        state.withLock { $0.failure == nil ? $0.ranges.popLast() : nil }
    }

    /// Ends the work of all.
    func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    func throwFailure() throws {
        if let error = state.withLock({ $0.failure }) { throw error }
    }
}
