/// One partition of one topic.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public let topic: String
    /// The partition's number, from 0.
    public let partition: Int32

    /// The partition `partition` of `topic`.
    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// By topic, then number.
    public static func < (one: Self, other: Self) -> Bool {
        (one.topic, one.partition) < (other.topic, other.partition)
    }

    /// `topic[3]`.
    public var description: String { "\(topic)[\(partition)]" }

    /// This partition at an offset.
    public func at(_ offset: Int64) -> TopicPartitionOffset { TopicPartitionOffset(topic, partition, offset) }
}
