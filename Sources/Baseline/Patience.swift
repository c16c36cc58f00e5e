import Foundation
import LibPQ

/// How often and how long apart a load tries again what failed and may pass: a server that is away, a login that is refused
/// while a password is being changed.
struct Patience {
    private static let mostFailures = 8
    private var failures = 0

    /// Takes note of success.
    mutating func succeed() { failures = 0 }

    /// Whether an error is worth another try; counts it.
    mutating func allows(_ error: PostgresError) -> Bool {
        (error.isRetriable || error.isRefusedLogin) && allowsAnother()
    }

    /// Whether another try is left; counts it.
    mutating func allowsAnother() -> Bool {
        guard failures < Self.mostFailures else { return false }
        failures += 1
        return true
    }

    /// Waits the longer the more attempts have failed.
    ///
    /// - Returns: whether to try again; not when the load is to stop, which ends the wait.
    func pause(unless shouldStop: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + min(.seconds(10), .milliseconds(100 << failures))
        while !shouldStop() {
            if ContinuousClock.now >= deadline { return true }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return false
    }
}
