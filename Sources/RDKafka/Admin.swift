import CRDKafka

/// Topics and offsets of a cluster.
///
/// Calls wait for the broker's answer. librdkafka's mock cluster answers metadata and offsets only: creating and deleting
/// topics there ends in `timedOut`.
public final class Admin: Sendable {
    let client: ClientHandle
    let complaint: Complaint

    /// Makes a client; it connects with the first call.
    public init(
        _ configuration: Configuration, renewCredentials: (@Sendable () throws -> Credentials?)? = nil
    ) throws(KafkaError) {
        let complaint = Complaint()
        self.complaint = complaint
        let callbacks = ClientCallbacks(
            handlers: ClientHandlers(onError: { complaint.note($0) }, renewCredentials: renewCredentials),
            onDelivery: { _ in })
        unsafe client = try ClientHandle(RD_KAFKA_PRODUCER, configuration, callbacks)
    }

    /// A topic to be made.
    public struct NewTopic: Sendable {
        /// Its name.
        public var name: String
        /// How many partitions.
        public var partitions: Int
        /// How many replicas of each; -1 for the broker's default.
        public var replicationFactor: Int
        /// Topic properties, such as `cleanup.policy`.
        public var properties: [String: String]

        /// A topic to be made.
        public init(
            _ name: String, partitions: Int, replicationFactor: Int = -1, properties: [String: String] = [:]
        ) {
            self.name = name
            self.partitions = partitions
            self.replicationFactor = replicationFactor
            self.properties = properties
        }
    }

    /// Makes topics. Returns the error of each that could not be made, such as `topicAlreadyExists`.
    @discardableResult
    public func createTopics(_ topics: [NewTopic], timeout: Duration) throws(KafkaError) -> [String: KafkaError] {
        var made: [OpaquePointer?] = unsafe []
        defer { unsafe made.forEach { unsafe rd_kafka_NewTopic_destroy($0) } }
        for topic in topics {
            var native: OpaquePointer?
            let failure = unsafe withReason { reason, size in
                unsafe native = rd_kafka_NewTopic_new(
                    topic.name, Int32(topic.partitions), Int32(topic.replicationFactor), reason, size)
                return unsafe native == nil ? RD_KAFKA_RESP_ERR__INVALID_ARG : RD_KAFKA_RESP_ERR_NO_ERROR
            }
            if let failure { throw failure }
            unsafe made.append(native)
            for (name, value) in topic.properties {
                try KafkaError.check(
                    unsafe rd_kafka_NewTopic_set_config(native, name, value), "property \(name) of \(topic.name)")
            }
        }
        return unsafe try call(RD_KAFKA_ADMIN_OP_CREATETOPICS, "creating topics", timeout) { options, queue in
            unsafe made.withUnsafeMutableBufferPointer { buffer in
                unsafe rd_kafka_CreateTopics(client.pointer, buffer.baseAddress, buffer.count, options, queue)
            }
        } read: { event in
            var count = 0
            let result = unsafe rd_kafka_event_CreateTopics_result(event)
            return unsafe Self.errors(rd_kafka_CreateTopics_result_topics(result, &count), count)
        }
    }

    /// Deletes topics. Returns the error of each that could not be deleted.
    @discardableResult
    public func deleteTopics(_ names: [String], timeout: Duration) throws(KafkaError) -> [String: KafkaError] {
        var made: [OpaquePointer?] = unsafe names.map { unsafe rd_kafka_DeleteTopic_new($0) }
        defer { unsafe made.forEach { unsafe rd_kafka_DeleteTopic_destroy($0) } }
        return unsafe try call(RD_KAFKA_ADMIN_OP_DELETETOPICS, "deleting topics", timeout) { options, queue in
            unsafe made.withUnsafeMutableBufferPointer { buffer in
                unsafe rd_kafka_DeleteTopics(client.pointer, buffer.baseAddress, buffer.count, options, queue)
            }
        } read: { event in
            var count = 0
            let result = unsafe rd_kafka_event_DeleteTopics_result(event)
            return unsafe Self.errors(rd_kafka_DeleteTopics_result_topics(result, &count), count)
        }
    }
}
