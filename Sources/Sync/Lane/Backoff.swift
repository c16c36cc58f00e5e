/// How long to wait before the next attempt: doubling from 50 ms to a ceiling, with jitter so that many do not come
/// back at once.
struct Backoff {
    private let ceiling: Int
    private var failures = 0

    /// Waits that never pass `ceiling` milliseconds.
    init(ceilingMilliseconds ceiling: Int = 5_000) { self.ceiling = ceiling }

    /// Attempts that failed since the last success.
    var attempts: Int { failures }

    /// It worked.
    mutating func succeed() { failures = 0 }

    /// It failed.
    ///
    /// - Returns: how long to wait.
    mutating func fail() -> Duration {
        let exponent = min(failures, 20)
        failures += 1
        let longest = min(ceiling, 50 << exponent)
        return .milliseconds(Int.random(in: longest / 2...longest))
    }
}
