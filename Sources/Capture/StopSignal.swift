import Foundation

/// A request to stop, which wakes who sleeps.
final class StopSignal: Sendable {
    private let condition = NSCondition()
    // Read and written with the condition locked.
    private nonisolated(unsafe) var requested = false

    /// Whether a stop was requested.
    var isRequested: Bool {
        condition.lock()
        defer { condition.unlock() }
        return requested
    }

    func request() {
        condition.lock()
        requested = true
        condition.broadcast()
        condition.unlock()
    }

    /// Runs `body`; a request that comes meanwhile, or has come before, calls `interrupt`, again and again until the body
    /// ends: what is to be interrupted may not have begun yet when it is called first.
    func interrupting<R>(_ interrupt: @escaping @Sendable () -> Void, _ body: () throws -> R) rethrows -> R {
        let call = Call()
        let watcher = Thread { [self] in
            condition.lock()
            while !call.isOver {
                guard requested else {
                    condition.wait()
                    continue
                }
                condition.unlock()
                interrupt()
                condition.lock()
                if !call.isOver { _ = condition.wait(until: Date().addingTimeInterval(0.1)) }
            }
            call.watcherEnded = true
            condition.broadcast()
            condition.unlock()
        }
        watcher.start()
        defer {
            condition.lock()
            call.isOver = true
            condition.broadcast()
            while !call.watcherEnded { condition.wait() }
            condition.unlock()
        }
        return try body()
    }

    /// A call of `interrupting`; read and written with the condition locked.
    private final class Call: Sendable {
        nonisolated(unsafe) var isOver = false
        nonisolated(unsafe) var watcherEnded = false
    }

    /// Sleeps for `duration`, or until a stop is requested.
    func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let deadline = Date().addingTimeInterval(Double(seconds) + Double(attoseconds) / 1e18)
        condition.lock()
        defer { condition.unlock() }
        while !requested && condition.wait(until: deadline) {}
    }
}
