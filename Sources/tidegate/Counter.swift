import Synchronization

/// Counts, from any thread.
final class Counter: Sendable {
    private let count = Mutex(0)

    /// Counts one more and returns how many that makes.
    func increment() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
