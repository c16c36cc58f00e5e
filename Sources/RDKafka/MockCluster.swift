import CRDKafka

/// librdkafka's mock cluster: brokers in this process on random ports of 127.0.0.1, for tests and demonstrations.
///
/// Any Kafka client but the Java ones can use it over the network. Its limits, as measured with 2.0.2: a partition keeps 5 MiB
/// of compressed batches or 100,000 batches and then drops the oldest; topics are made by `createTopic` or on first use (4
/// partitions), the admin requests for it time out; aborted messages are not hidden from readers; a waiting fetch is not woken
/// by new messages (use a small `fetch.wait.max.ms`).
@safe public final class MockCluster: Sendable {
    private nonisolated(unsafe) let pointer: OpaquePointer
    private let client: ClientHandle
    /// How many brokers it has; their ids are 1 to this.
    public let brokerCount: Int
    /// What goes into `bootstrap.servers`.
    public let bootstrapServers: String

    /// Starts a cluster; it ends with this object.
    public init(brokers: Int = 1) throws(KafkaError) {
        let handlers = ClientCallbacks(handlers: ClientHandlers(), onDelivery: { _ in })
        unsafe client = try ClientHandle(RD_KAFKA_PRODUCER, Configuration(["client.id": "mock-cluster"]), handlers)
        guard let made = unsafe rd_kafka_mock_cluster_new(client.pointer, Int32(brokers)) else {
            throw KafkaError(code: .invalidArgument, message: "no mock cluster of \(brokers) brokers could be started")
        }
        unsafe pointer = unsafe made
        brokerCount = brokers
        unsafe bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(made))
    }

    deinit { unsafe rd_kafka_mock_cluster_destroy(pointer) }

    /// Creates a topic with a replica on each broker.
    public func createTopic(_ name: String, partitions: Int) throws(KafkaError) {
        try KafkaError.check(
            unsafe rd_kafka_mock_topic_create(pointer, name, Int32(partitions), Int32(brokerCount)),
            "creating the topic \(name)")
    }

    /// Lets every request for metadata of the topic, and what follows from it, fail; nil ends that.
    public func setTopicError(_ name: String, _ code: KafkaError.Code?) {
        unsafe rd_kafka_mock_topic_set_error(pointer, name, rd_kafka_resp_err_t(rawValue: code?.rawValue ?? 0))
    }

    /// Answers the next requests of that kind with these errors, one each. A `transport` closes the connection.
    public func pushRequestErrors(_ request: Request, _ codes: [KafkaError.Code]) {
        let raw = codes.map { rd_kafka_resp_err_t(rawValue: $0.rawValue) }
        unsafe raw.withUnsafeBufferPointer { buffer in
            unsafe rd_kafka_mock_push_request_errors_array(
                pointer, request.rawValue, buffer.count, buffer.baseAddress)
        }
    }

    /// Forgets the errors that were pushed and not used yet.
    public func clearRequestErrors(_ request: Request) {
        unsafe rd_kafka_mock_clear_request_errors(pointer, request.rawValue)
    }

    /// Takes a broker down, closing its connections, or up again.
    public func setBroker(_ id: Int32 = 1, up: Bool) throws(KafkaError) {
        if up {
            try KafkaError.check(unsafe rd_kafka_mock_broker_set_up(pointer, id), "starting broker \(id)")
        } else {
            try KafkaError.check(unsafe rd_kafka_mock_broker_set_down(pointer, id), "stopping broker \(id)")
        }
    }

    /// Delays every answer of a broker.
    public func setRoundTrip(_ id: Int32 = 1, _ duration: Duration) throws(KafkaError) {
        try KafkaError.check(
            unsafe rd_kafka_mock_broker_set_rtt(pointer, id, duration.milliseconds), "delaying broker \(id)")
    }

    /// Makes a broker the leader of a partition; the log moves with it.
    public func setLeader(_ topic: String, _ partition: Int32, to broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            unsafe rd_kafka_mock_partition_set_leader(pointer, topic, partition, broker),
            "making broker \(broker) the leader of \(topic)/\(partition)")
    }

    /// Makes a broker the coordinator of a consumer group.
    public func setCoordinator(ofGroup group: String, to broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            unsafe rd_kafka_mock_coordinator_set(pointer, "group", group, broker),
            "making broker \(broker) the coordinator of \(group)")
    }

    /// Kinds of requests, by Kafka's numbers.
    public enum Request: Int16, Sendable {
        case produce = 0
        case fetch = 1
        case listOffsets = 2
        case metadata = 3
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case heartbeat = 12
        case leaveGroup = 13
        case syncGroup = 14
        case initProducerID = 22
        case addPartitionsToTransaction = 24
        case addOffsetsToTransaction = 25
        case endTransaction = 26
        case transactionOffsetCommit = 28
    }
}
