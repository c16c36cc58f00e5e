public import Model

/// How far a flow has come in one partition, as a lane believes it.
public struct Checkpoint: Hashable, Sendable {
    public let flow: Flow
    public let partition: TopicPartition
    /// The next event to consume; nil before the first: from the partition's beginning.
    public var nextOffset: Int64?
    /// The highest source position applied.
    public var position: SourcePosition?
    /// The last record consumed, at some offset before the next; nil when that is not known.
    public var lastRecord: RecordMark?
    /// The claim that it belongs to.
    public let fence: Int64

    /// A belief about a partition.
    public init(
        flow: Flow, partition: TopicPartition, nextOffset: Int64?, position: SourcePosition?, fence: Int64,
        lastRecord: RecordMark? = nil
    ) {
        self.flow = flow
        self.partition = partition
        self.nextOffset = nextOffset
        self.position = position
        self.fence = fence
        self.lastRecord = lastRecord
    }
}
