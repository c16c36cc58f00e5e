/// When somebody who waits is to be told again what for: after a second, then at growing intervals.
struct DueReport {
    private var next = ContinuousClock.now.advanced(by: .seconds(1))
    private var interval = Duration.seconds(2)

    /// Whether it is time; if so, the next time is later.
    var isNow: Bool {
        mutating get {
            guard ContinuousClock.now >= next else { return false }
            next = ContinuousClock.now.advanced(by: interval)
            interval = min(interval * 2, .seconds(60))
            return true
        }
    }
}
