import CRDKafka

/// A message with its own copy of the bytes, for the control path; lanes read `MessageBatch`.
public struct ReceivedMessage: Sendable {
    /// Where it is from.
    public let place: TopicPartitionOffset
    /// The key, if any.
    public let key: [UInt8]?
    /// The value; nil in a tombstone.
    public let value: [UInt8]?
    /// Milliseconds since 1970, if the message has a timestamp.
    public let timestamp: Int64?
    /// Names and values in the order of the message.
    public let headers: [Header]
    /// Instead of a message: what is wrong with the partition, or its end.
    public let error: KafkaError?

    /// A name and a value.
    public struct Header: Sendable, Equatable {
        /// The name; need not be unique.
        public let name: String
        /// The value, if any.
        public let value: [UInt8]?

        /// A header.
        public init(_ name: String, _ value: [UInt8]?) {
            self.name = name
            self.value = value
        }
    }

    /// Copies a message out of a batch.
    public init(copying message: borrowing Message) {
        place = TopicPartitionOffset(message.topic, message.partition, message.offset)
        error = message.error
        key = unsafe message.key.map { unsafe Array($0) }
        value = error == nil ? unsafe message.value.map { unsafe Array($0) } : nil
        timestamp = message.timestamp
        var found: [Header] = []
        unsafe message.forEachHeader { name, value in
            found.append(Header(name, unsafe value.map { unsafe Array($0) }))
        }
        headers = found
    }
}
