/// Where a partition stands, for the question whether the stream has passed a seal.
public struct PartitionProgress: Hashable, Sendable {
    public let partition: TopicPartition
    /// The checkpoint's next offset; nil before the first event.
    public let nextOffset: Int64?
    /// The checkpoint's position.
    public let position: SourcePosition?

    /// Where a partition stands.
    public init(partition: TopicPartition, nextOffset: Int64?, position: SourcePosition?) {
        self.partition = partition
        self.nextOffset = nextOffset
        self.position = position
    }

    /// Whether everything that was in the source's log before `seal` has been applied in this partition.
    ///
    /// By position: an event's position begins with the end of the last transaction streamed before it, and transactions
    /// are streamed in the order in which they committed; so when that is at or beyond the seal, nothing from before the
    /// seal can follow. By offset: `bound` is the partition's log end, read when the connector had confirmed the seal,
    /// that is when everything before it was in the topic.
    public func isPast(_ seal: Seal, bound: Bound?) -> Bool {
        if let position, let limit = seal.position, position.major >= limit.rawValue { return true }
        guard let bound else { return false }
        return bound.low >= bound.end || (nextOffset ?? bound.low) >= bound.end
    }

    /// The ends of a partition's log at one time.
    public struct Bound: Hashable, Sendable {
        /// The first offset still there.
        public let low: Int64
        /// The offset that the next event will get.
        public let end: Int64

        /// The ends of a log.
        public init(low: Int64, end: Int64) {
            self.low = low
            self.end = end
        }
    }
}
