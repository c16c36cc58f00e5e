/// Tells how far a follower is behind, in time, from nothing but positions seen by one observer.
///
/// It remembers when it first saw each end; the lag is the age of the oldest end that the follower has not reached. No
/// clock but the observer's takes part, a follower that stands still falls behind second by second, and one that has
/// nothing to do is not behind, however old the last thing it did is.
public struct LagTracker: Sendable {
    private struct Sample {
        let end: Int64
        let at: ContinuousClock.Instant
    }

    private var samples: [String: [Sample]] = [:]
    /// Samples lie further apart the older the oldest is: a lag is known to about this part of it.
    private static let precision = 1.0 / 64

    /// Nothing seen yet.
    public init() {}

    /// Takes in where a log ends and how far a follower has come in it.
    ///
    /// - Returns: how far it is behind.
    public mutating func observe(
        _ follower: String, end: Int64, reached: Int64, at now: ContinuousClock.Instant
    ) -> Duration {
        var open = (samples[follower] ?? []).filter { $0.end > reached && $0.end <= end }
        let lag = open.first.map { $0.at.duration(to: now) } ?? .zero
        if end > reached, open.last.map({ $0.end < end && $0.at.duration(to: now) >= lag * Self.precision }) ?? true {
            open.append(Sample(end: end, at: now))
        }
        samples[follower] = open.isEmpty ? nil : open
        return lag
    }
}
