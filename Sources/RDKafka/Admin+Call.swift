import CRDKafka

extension Admin {
    /// Sends an admin request and waits for its event.
    func call(
        _ kind: rd_kafka_admin_op_t, _ operation: String, _ timeout: Duration,
        send: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
        read: (_ event: OpaquePointer) -> [String: KafkaError]
    ) throws(KafkaError) -> [String: KafkaError] {
        let options = unsafe rd_kafka_AdminOptions_new(client.pointer, kind)
        defer { unsafe rd_kafka_AdminOptions_destroy(options) }
        let refused = unsafe withReason { reason, size in
            unsafe rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, reason, size)
        }
        if let refused { throw refused }
        let queue = unsafe rd_kafka_queue_new(client.pointer)
        defer { unsafe rd_kafka_queue_destroy(queue) }
        unsafe send(options, queue)
        // The request ends by its own timeout; a little more lets its own error arrive.
        guard let event = unsafe rd_kafka_queue_poll(queue, (timeout + .seconds(1)).milliseconds) else {
            throw KafkaError(code: .timedOut, message: "\(operation): no answer")
        }
        defer { unsafe rd_kafka_event_destroy(event) }
        let code = unsafe rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw unsafe KafkaError(code, operation + ": " + String(cString: rd_kafka_event_error_string(event)))
        }
        return unsafe read(event)
    }

    static func errors(_ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int) -> [String: KafkaError] {
        var errors: [String: KafkaError] = [:]
        for index in 0..<count {
            guard let result = unsafe results?[index] else { continue }
            let code = unsafe rd_kafka_topic_result_error(result)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            let name = unsafe String(cString: rd_kafka_topic_result_name(result))
            let reason = unsafe rd_kafka_topic_result_error_string(result).map { unsafe String(cString: $0) } ?? ""
            errors[name] = KafkaError(code, "\(name): \(reason)")
        }
        return errors
    }
}
