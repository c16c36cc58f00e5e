import CRDKafka
import Synchronization

/// Writes messages to topics, in the background.
///
/// `produce` copies the message into librdkafka's queue (bounded by `queue.buffering.max.messages` and `.kbytes`; full: the
/// error `queueFull`) and returns. Someone has to call `poll` or `flush`, which call `onDelivery` for each message that the
/// broker has acknowledged or that has failed. With `enable.idempotence` no message is doubled or reordered by retries.
public final class Producer: Sendable {
    let client: ClientHandle
    private let topics = Mutex<[String: ProducerTopic]>([:])

    /// Makes a client; it connects in the background. Throws an error that names an unknown or impossible property.
    public init(
        _ configuration: Configuration, handlers: ClientHandlers = ClientHandlers(),
        onDelivery: @escaping @Sendable (DeliveryReport) -> Void = { _ in }
    ) throws(KafkaError) {
        let callbacks = ClientCallbacks(handlers: handlers, onDelivery: onDelivery)
        unsafe client = try ClientHandle(RD_KAFKA_PRODUCER, configuration, callbacks) { native in
            unsafe Self.registerDelivery(on: native)
        }
    }

    /// The topic's handle; the same one each time.
    public func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        try topics.withLock { known throws(KafkaError) in
            if let topic = known[name] { return topic }
            let topic = try ProducerTopic(client, name)
            known[name] = topic
            return topic
        }
    }

    /// Produces to a topic by name; see `produce(to:)`.
    public func produce(
        topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [(String, [UInt8])] = [], timestamp: Int64? = nil, opaque: UInt64 = 0
    ) throws(KafkaError) {
        unsafe try produce(
            to: self.topic(topic), partition: partition, key: key, value: value, headers: headers,
            timestamp: timestamp, opaque: opaque)
    }

    /// Queues a message; its bytes are copied.
    ///
    /// Without a partition the key decides (`partitioner`). A nil value is a tombstone. The timestamp is in milliseconds since
    /// 1970, now if not given. Throws `queueFull`: poll and try again.
    public func produce(
        to topic: ProducerTopic, partition: Int32? = nil, key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?, headers: [(String, [UInt8])] = [], timestamp: Int64? = nil, opaque: UInt64 = 0
    ) throws(KafkaError) {
        var list: OpaquePointer?
        if !headers.isEmpty {
            unsafe list = rd_kafka_headers_new(headers.count)
            for (name, bytes) in headers {
                _ = unsafe bytes.withUnsafeBytes { buffer in
                    unsafe rd_kafka_header_add(list, name, -1, buffer.baseAddress, buffer.count)
                }
            }
        }
        let failure = unsafe withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 8) { units in
            unsafe units.initialize(repeating: rd_kafka_vu_t())
            var count = 0
            func add(_ kind: rd_kafka_vtype_t, _ fill: (inout rd_kafka_vu_t) -> Void) {
                unsafe units[count].vtype = kind
                unsafe fill(&units[count])
                count += 1
            }
            unsafe add(RD_KAFKA_VTYPE_RKT) { unsafe $0.u.rkt = topic.pointer }
            unsafe add(RD_KAFKA_VTYPE_PARTITION) { unsafe $0.u.i32 = partition ?? -1 }
            unsafe add(RD_KAFKA_VTYPE_MSGFLAGS) { unsafe $0.u.i = Int32(RD_KAFKA_MSG_F_COPY) }
            unsafe add(RD_KAFKA_VTYPE_OPAQUE) { unsafe $0.u.ptr = UnsafeMutableRawPointer(bitPattern: UInt(opaque)) }
            unsafe add(RD_KAFKA_VTYPE_VALUE) { unsafe $0.u.mem = .init(value) }
            if unsafe key != nil { unsafe add(RD_KAFKA_VTYPE_KEY) { unsafe $0.u.mem = .init(key) } }
            if let timestamp { unsafe add(RD_KAFKA_VTYPE_TIMESTAMP) { unsafe $0.u.i64 = timestamp } }
            if unsafe list != nil { unsafe add(RD_KAFKA_VTYPE_HEADERS) { unsafe $0.u.headers = list } }
            return unsafe rd_kafka_produceva(client.pointer, units.baseAddress, count)
        }
        guard let failure = unsafe failure else { return }
        // On success the headers belong to the message; on failure still to us.
        if let list = unsafe list { unsafe rd_kafka_headers_destroy(list) }
        throw unsafe KafkaError(consuming: failure, during: "producing to \(topic.name)")
    }

    /// Serves delivery reports, waiting up to `timeout` for the first. Returns how many callbacks were served.
    @discardableResult
    public func poll(timeout: Duration = .zero) -> Int {
        Int(unsafe rd_kafka_poll(client.pointer, timeout.milliseconds))
    }

    /// Sends what is queued without lingering and waits until all of it is delivered or has failed.
    public func flush(timeout: Duration) throws(KafkaError) {
        try KafkaError.check(
            unsafe rd_kafka_flush(client.pointer, timeout.milliseconds), "flushing \(outstanding) messages")
    }

    /// Messages that are queued or in flight, and reports and other news that wait to be served.
    public var outstanding: Int { Int(unsafe rd_kafka_outq_len(client.pointer)) }

    /// The error after which this producer can do no more work, if there was one.
    public var fatalError: KafkaError? { client.fatalError }

    /// The topic's partitions; without names, of all topics of the cluster.
    public func metadata(_ topics: [String] = [], timeout: Duration) throws(KafkaError) -> ClusterMetadata {
        try client.metadata(topics, timeout: timeout)
    }

    private static func registerDelivery(on native: OpaquePointer) {
        unsafe rd_kafka_conf_set_dr_msg_cb(native) { _, message, opaque in
            guard let callbacks = unsafe ClientCallbacks.from(opaque), let message = unsafe message,
                let onDelivery = callbacks.onDelivery
            else { return }
            // Not rd_kafka_message_errstr(): for a produced message that is the message's own value.
            let code = unsafe message.pointee.err
            var error: KafkaError?
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                let topic = unsafe message.pointee.rkt.map { unsafe String(cString: rd_kafka_topic_name($0)) } ?? ""
                error = KafkaError(code, "producing to \(topic): \(KafkaError(code).message)")
            }
            onDelivery(
                unsafe DeliveryReport(
                    opaque: UInt64(UInt(bitPattern: message.pointee._private)), partition: message.pointee.partition,
                    offset: error == nil ? message.pointee.offset : -1,
                    bytes: message.pointee.len + message.pointee.key_len, error: error))
        }
    }
}

extension rd_kafka_vu_s.__Unnamed_union_u.__Unnamed_struct_mem {
    init(_ buffer: UnsafeRawBufferPointer?) {
        unsafe self.init(ptr: UnsafeMutableRawPointer(mutating: buffer?.baseAddress), size: buffer?.count ?? 0)
    }
}
