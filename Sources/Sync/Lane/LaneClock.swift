/// Adds up where a lane's time goes.
struct LaneClock {
    private(set) var timings = LaneTimings()
    private var mark = ContinuousClock.now

    /// The time from here on belongs to what comes next.
    mutating func start() { mark = .now }

    /// It was spent waiting for messages.
    mutating func waited() { timings.waiting += lap() }

    /// It was spent taking and decoding.
    mutating func decoded() { timings.decoding += lap() }

    /// It was spent staging and writing.
    mutating func applied() { timings.applying += lap() }

    /// It was spent on checkpoint and commit of a batch.
    mutating func committed() {
        timings.committing += lap()
        timings.batches += 1
    }

    private mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { mark = now }
        let (seconds, attoseconds) = (now - mark).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
