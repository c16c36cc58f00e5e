/// What a partition no longer holds of what should be applied next.
public struct OffsetGap: Hashable, Sendable, CustomStringConvertible {
    /// The offset to go on from.
    public let next: Int64
    /// The first offset that the partition holds.
    public let low: Int64
    /// The offset after the last one that it holds.
    public let high: Int64

    /// Nil where `next` is in the partition, or is the one that it will write next.
    public init?(next: Int64, low: Int64, high: Int64) {
        if (low...max(low, high)).contains(next) { return nil }
        (self.next, self.low, self.high) = (next, low, high)
    }

    /// Whether retention has dropped what comes next; otherwise the partition ends before it.
    public var isExpired: Bool { next < low }

    public var description: String {
        isExpired
            ? """
            expired: offsets \(next) to \(low - 1) are no longer in the partition, which begins at \(low) now; what they \
            changed is missing: give the topic a longer retention, and load what comes by it anew
            """
            : """
            cut off: the next offset is \(next), and the partition ends at \(high); the topic was made anew, or its log was \
            cut off when a replica that lagged was elected: load what comes by it anew
            """
    }
}
