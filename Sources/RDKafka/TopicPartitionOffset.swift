/// A place in a partition: the offset of the next message to read, or one of librdkafka's logical offsets.
public struct TopicPartitionOffset: Hashable, Sendable, CustomStringConvertible {
    /// The oldest message.
    public static let beginning: Int64 = -2
    /// After the newest message.
    public static let end: Int64 = -1
    /// The group's committed offset.
    public static let stored: Int64 = -1000
    /// No offset.
    public static let invalid: Int64 = -1001

    /// The topic's name.
    public let topic: String
    /// The partition's number.
    public let partition: Int32
    /// The offset; negative ones are logical.
    public var offset: Int64

    /// A place in a partition.
    public init(_ topic: String, _ partition: Int32, _ offset: Int64) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }

    /// The partition alone.
    public var topicPartition: TopicPartition { TopicPartition(topic, partition) }

    /// `topic[3]@17`.
    public var description: String { "\(topic)[\(partition)]@\(offset)" }
}
