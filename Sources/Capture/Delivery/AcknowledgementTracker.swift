import Synchronization

/// Knows up to which commit everything has been acknowledged by the broker.
///
/// Messages are counted in per transaction, in commit order, and counted off by delivery reports in any order. A commit
/// is confirmable when its messages and those of all commits before it are acknowledged: only then may the slot move.
final class AcknowledgementTracker: Sendable {
    private struct Segment {
        /// Messages not yet acknowledged.
        var pending = 0
        /// The end of the commit; nil while the transaction is open.
        var end: UInt64?
    }

    private struct State {
        /// The number of the first segment that is kept.
        var base: UInt64 = 0
        var head = 0
        var segments: [Segment] = [Segment()]
        var confirmable: UInt64 = 0
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    /// Counts a message of the open transaction in.
    ///
    /// - Returns: the number to hand to `delivered` later.
    func produced() -> UInt64 {
        state.withLock { state in
            state.segments[state.segments.count - 1].pending += 1
            return state.base + UInt64(state.segments.count - 1)
        }
    }

    /// Takes back a message that was counted in and could not be queued.
    func withdraw(_ number: UInt64) { count(off: number, failure: nil) }

    /// Counts a message off, or notes that it will never be delivered.
    func delivered(_ number: UInt64, failure: (any Error)?) { count(off: number, failure: failure) }

    private func count(off number: UInt64, failure: (any Error)?) {
        state.withLock { state in
            if let failure {
                state.failure = state.failure ?? failure
                return
            }
            state.segments[Int(number - state.base)].pending -= 1
        }
    }

    /// Ends the open transaction at the end of its commit.
    func commit(_ end: UInt64) {
        state.withLock { state in
            state.segments[state.segments.count - 1].end = end
            state.segments.append(Segment())
        }
    }

    /// The end of the last commit up to which everything is acknowledged, 0 when there is none yet; and whether nothing
    /// at all is waited for.
    func position() -> (confirmable: UInt64, isIdle: Bool) {
        state.withLock { state in
            while let end = state.segments[state.head].end, state.segments[state.head].pending == 0 {
                state.confirmable = end
                state.head += 1
            }
            if state.head > 4096 && state.head * 2 > state.segments.count {
                state.segments.removeFirst(state.head)
                state.base += UInt64(state.head)
                state.head = 0
            }
            let isIdle = state.head == state.segments.count - 1 && state.segments[state.head].pending == 0
            return (state.confirmable, isIdle)
        }
    }

    /// Why a message was not delivered, if one was not.
    var failure: (any Error)? { state.withLock { $0.failure } }
}
