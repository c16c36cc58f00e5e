/// What a partition no longer holds of what should be applied next.
struct OffsetGap: Hashable, CustomStringConvertible {
    /// The offset to go on from.
    let next: Int64
    /// The first offset that the partition holds.
    let low: Int64
    /// The offset after the last one that it holds.
    let high: Int64

    /// Nil where `next` is in the partition, or is the one that it will write next.
    init?(next: Int64, low: Int64, high: Int64) {
        if (low...max(low, high)).contains(next) { return nil }
        (self.next, self.low, self.high) = (next, low, high)
    }

    var description: String {
        next < low
            ? """
            expired: offsets \(next) to \(low - 1) are no longer in the partition, which begins at \(low) now; what they \
            changed is missing: load what comes by this topic anew, and give the topic a longer retention
            """
            : """
            cut off: the next offset is \(next), and the partition ends at \(high); the topic was made anew, or its log was \
            cut off when a replica that lagged was elected: load what comes by this topic anew
            """
    }
}
