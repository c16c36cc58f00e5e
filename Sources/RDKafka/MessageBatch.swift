import CRDKafka

/// The messages that one read of a `MessageQueue` returned.
///
/// Owns librdkafka's messages and frees them when it goes. Key, value and headers are read in place: apart from the one array
/// there is no allocation per message. Partition errors come in order among the messages; see `Message.error`.
@safe public struct MessageBatch: ~Copyable {
    private let client: ClientHandle
    private let messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    /// How many messages and partition errors there are.
    public let count: Int

    init(
        client: ClientHandle, messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>, count: Int
    ) {
        self.client = client
        unsafe self.messages = unsafe messages
        self.count = count
    }

    deinit {
        for index in 0..<count {
            if let message = unsafe messages[index] { unsafe rd_kafka_message_destroy(message) }
        }
        unsafe messages.deallocate()
    }

    /// Whether nothing arrived in time.
    public var isEmpty: Bool { count == 0 }

    /// Lends the message at `index`, which must be less than `count`.
    public func withMessage<Outcome, E: Error>(
        at index: Int, _ body: (borrowing Message) throws(E) -> Outcome
    ) throws(E) -> Outcome {
        precondition(index >= 0 && index < count, "message \(index) of a batch of \(count)")
        guard let pointer = unsafe messages[index] else { preconditionFailure("a batch without its message") }
        return try body(unsafe Message(pointer))
    }

    /// Lends each message in turn: per partition in offset order.
    public func forEach<E: Error>(_ body: (borrowing Message) throws(E) -> Void) throws(E) {
        for index in 0..<count { try withMessage(at: index, body) }
    }
}
