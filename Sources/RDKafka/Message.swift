import CRDKafka

/// A view of one message inside a `MessageBatch`; its buffers live as long as the batch.
///
/// It cannot be copied and is only lent to closures, so it does not outlive the batch; the buffers it gives must not either.
@safe public struct Message: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_message_t>

    init(_ pointer: UnsafeMutablePointer<rd_kafka_message_t>) { unsafe self.pointer = unsafe pointer }

    /// The topic's name; makes a string, so compare `topicIdentity` on the hot path.
    public var topic: String {
        guard let topic = unsafe pointer.pointee.rkt else { return "" }
        return unsafe String(cString: rd_kafka_topic_name(topic))
    }

    /// Equal for two messages of one consumer exactly when their topics are; says nothing across consumers.
    public var topicIdentity: UInt { UInt(bitPattern: unsafe pointer.pointee.rkt) }

    /// The partition's number.
    public var partition: Int32 { unsafe pointer.pointee.partition }

    /// The message's offset.
    public var offset: Int64 { unsafe pointer.pointee.offset }

    /// The key; nil when the message has none.
    public var key: UnsafeRawBufferPointer? {
        guard let key = unsafe pointer.pointee.key else { return nil }
        return unsafe UnsafeRawBufferPointer(start: key, count: pointer.pointee.key_len)
    }

    /// The value; nil in a tombstone. When `error` is set these are no message's bytes.
    public var value: UnsafeRawBufferPointer? {
        guard let payload = unsafe pointer.pointee.payload else { return nil }
        return unsafe UnsafeRawBufferPointer(start: payload, count: pointer.pointee.len)
    }

    /// Whether this is a message at all, and not a partition's error or end.
    public var isMessage: Bool { unsafe pointer.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR }

    /// Instead of a message: the partition's error. `partitionEOF` is its end; `autoOffsetReset` an offset not in the log.
    public var error: KafkaError? {
        let code = unsafe pointer.pointee.err
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        let reason = unsafe value.map { unsafe String(decoding: $0, as: UTF8.self) } ?? ""
        return KafkaError(code, "\(topic)[\(partition)]@\(offset): \(reason)")
    }

    /// Milliseconds since 1970, as the producer or the broker has set it.
    public var timestamp: Int64? {
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let milliseconds = unsafe rd_kafka_message_timestamp(pointer, &kind)
        return kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : milliseconds
    }

    /// The last header of that name: its value, empty when it has none. Nil when there is no such header.
    ///
    /// The first look at a message's headers parses them, which allocates: look only where an answer is needed.
    public func header(_ name: StaticString) -> UnsafeRawBufferPointer? {
        guard let headers = unsafe headerList else { return nil }
        var value: UnsafeRawPointer?
        var size = 0
        let found = name.withUTF8Buffer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                unsafe rd_kafka_header_get_last(headers, text.baseAddress, &value, &size)
            }
        }
        guard found == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return unsafe UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size)
    }

    /// Calls `body` with each header's name and value, in order.
    public func forEachHeader<E: Error>(
        _ body: (_ name: String, _ value: UnsafeRawBufferPointer?) throws(E) -> Void
    ) throws(E) {
        guard let headers = unsafe headerList else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while unsafe rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            let text = unsafe name.map { unsafe String(cString: $0) } ?? ""
            unsafe try body(text, value.map { unsafe UnsafeRawBufferPointer(start: $0, count: size) })
            index += 1
        }
    }

    private var headerList: OpaquePointer? {
        var headers: OpaquePointer?
        guard unsafe rd_kafka_message_headers(pointer, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return unsafe headers
    }
}
