import CRDKafka

/// A topic that a producer writes to, looked up once.
@safe public final class ProducerTopic: Sendable {
    private let client: ClientHandle
    nonisolated(unsafe) let pointer: OpaquePointer
    /// The topic's name.
    public let name: String

    init(_ client: ClientHandle, _ name: String) throws(KafkaError) {
        guard let made = unsafe rd_kafka_topic_new(client.pointer, name, nil) else {
            throw KafkaError(rd_kafka_last_error(), "topic \(name): \(KafkaError(rd_kafka_last_error()).message)")
        }
        unsafe pointer = unsafe made
        self.client = client
        self.name = name
    }

    deinit { unsafe rd_kafka_topic_destroy(pointer) }
}
