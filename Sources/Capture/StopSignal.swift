import Foundation

/// A request to stop, which wakes who sleeps.
final class StopSignal: Sendable {
    private let condition = NSCondition()
    // Read and written with the condition locked.
    private nonisolated(unsafe) var requested = false
    private nonisolated(unsafe) var interruption: (@Sendable () -> Void)?

    /// Whether a stop was requested.
    var isRequested: Bool {
        condition.lock()
        defer { condition.unlock() }
        return requested
    }

    func request() {
        condition.lock()
        requested = true
        let interrupt = interruption
        condition.broadcast()
        condition.unlock()
        interrupt?()
    }

    /// Runs `body`; a request that comes meanwhile, or has come before, calls `interrupt`.
    func interrupting<R>(_ interrupt: @escaping @Sendable () -> Void, _ body: () throws -> R) rethrows -> R {
        set(interrupt)
        defer { set(nil) }
        if isRequested { interrupt() }
        return try body()
    }

    private func set(_ interrupt: (@Sendable () -> Void)?) {
        condition.lock()
        interruption = interrupt
        condition.unlock()
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
