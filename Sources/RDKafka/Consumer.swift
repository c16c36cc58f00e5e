import CRDKafka
import Synchronization

/// A member of a consumer group, or a reader of partitions that it is told to read.
///
/// One thread calls `poll` in a loop: it serves rebalances, errors and statistics, and keeps the membership alive
/// (`max.poll.interval.ms`). Lanes read their own `MessageQueue` that partitions are forwarded to, independently of `poll`.
///
/// A rebalance is a conversation that librdkafka waits in: after `.assign` the owner forwards the partitions and calls
/// `accept` with the places to start from; after `.revoke` it lets its lanes finish and calls `release`. Until then the group
/// waits (at most `session.timeout.ms` and `max.poll.interval.ms`), so a lane's last commit is safe. Both calls work for the
/// eager and the cooperative protocol.
public final class Consumer: Sendable {
    let client: ClientHandle
    private let closed = Atomic<Bool>(false)

    /// Makes a client; it connects in the background, so a wrong broker shows as an `.error` event, not here.
    ///
    /// Needs `group.id`. Throws an error that names the property when one is unknown or impossible.
    public init(
        _ configuration: Configuration, renewCredentials: (@Sendable () throws -> Credentials?)? = nil,
        log: (@Sendable (_ severity: Int, _ facility: String, _ text: String) -> Void)? = nil
    ) throws(KafkaError) {
        let callbacks = ClientCallbacks(handlers: ClientHandlers(renewCredentials: renewCredentials, log: log))
        unsafe client = try ClientHandle(RD_KAFKA_CONSUMER, configuration, callbacks) { native in
            unsafe Self.registerRebalance(on: native)
        }
        try KafkaError.check(unsafe rd_kafka_poll_set_consumer(client.pointer), "starting a consumer")
    }

    deinit { closeOnce() }

    /// Joins the group for these topics; a name that starts with `^` is a regular expression.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = TopicPartitionList(topics.map { TopicPartition($0, -1) })
        try KafkaError.check(unsafe rd_kafka_subscribe(client.pointer, list.pointer), "subscribing")
    }

    /// Leaves the topics; the partitions come back as `.revoke`.
    public func unsubscribe() throws(KafkaError) {
        try KafkaError.check(unsafe rd_kafka_unsubscribe(client.pointer), "unsubscribing")
    }

    /// Waits up to `timeout` for something to happen; nil if nothing did.
    public func poll(timeout: Duration) -> ConsumerEvent? {
        if let event = client.callbacks.nextEvent() { return event }
        if let message = unsafe rd_kafka_consumer_poll(client.pointer, timeout.milliseconds) {
            client.callbacks.append(.message(ReceivedMessage(copying: unsafe Message(message))))
            unsafe rd_kafka_message_destroy(message)
        }
        return client.callbacks.nextEvent()
    }

    /// A queue for a lane to read.
    public func makeQueue() -> MessageQueue { MessageQueue(client) }

    /// Leaves the group: gives all partitions back and commits nothing. Lanes must have finished.
    public func close() { closeOnce() }

    /// The error after which this consumer can do no more work, if there was one.
    public var fatalError: KafkaError? { client.fatalError }

    /// The member id that the coordinator has given, once joined.
    public var memberID: String? {
        guard let text = unsafe rd_kafka_memberid(client.pointer) else { return nil }
        defer { unsafe rd_kafka_mem_free(client.pointer, text) }
        return unsafe String(cString: text)
    }

    private func closeOnce() {
        guard !closed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        client.callbacks.startClosing()
        unsafe rd_kafka_consumer_close(client.pointer)
    }

    private static func registerRebalance(on native: OpaquePointer) {
        unsafe rd_kafka_conf_set_rebalance_cb(native) { client, code, list, opaque in
            guard let callbacks = unsafe ClientCallbacks.from(opaque), let list = unsafe list,
                let client = unsafe client
            else { return }
            let partitions = unsafe TopicPartitionList.places(of: list).map(\.topicPartition)
            if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !callbacks.isClosing {
                callbacks.append(.assign(partitions))
            } else if code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS && !callbacks.isClosing {
                callbacks.append(.revoke(partitions, lost: unsafe rd_kafka_assignment_lost(client) != 0))
            } else {
                if code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS {
                    callbacks.append(.error(KafkaError(code, "rebalancing")))
                }
                unsafe rd_kafka_assign(client, nil)
            }
            unsafe rd_kafka_yield(client)
        }
        unsafe rd_kafka_conf_set_offset_commit_cb(native) { client, code, _, opaque in
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR__NO_OFFSET,
                let callbacks = unsafe ClientCallbacks.from(opaque)
            else { return }
            callbacks.append(.error(KafkaError(code, "committing offsets")))
            unsafe rd_kafka_yield(client)
        }
    }
}
