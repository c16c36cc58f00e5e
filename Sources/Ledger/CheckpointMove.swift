public import Model

/// Where a flow goes on in a partition that does not hold what should come next.
public struct CheckpointMove: Hashable, Sendable {
    public let partition: TopicPartition
    /// The offset that should have come next; nil for the beginning.
    public let from: Int64?
    /// The offset to go on from.
    public let to: Int64
    /// Whether it is still the same log, so that redeliveries are told by the position reached in it.
    public let keepsPosition: Bool
    /// What is wrong with the partition, without row values.
    public let reason: String

    /// A move.
    public init(_ partition: TopicPartition, from: Int64?, to: Int64, keepsPosition: Bool, reason: String) {
        self.partition = partition
        self.from = from
        self.to = to
        self.keepsPosition = keepsPosition
        self.reason = reason
    }
}
