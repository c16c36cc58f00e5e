import CRDKafka

/// Owns a `rd_kafka_t` and what its callbacks need; queues, topics and batches retain it, so that it is destroyed last.
///
/// librdkafka is thread-safe: "all API functions may be called from any thread" (INTRODUCTION.md, Threads and callbacks).
@safe final class ClientHandle: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer
    let callbacks: ClientCallbacks

    init(
        _ kind: rd_kafka_type_t, _ configuration: Configuration, _ callbacks: ClientCallbacks,
        register: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        let native = unsafe try configuration.makeNative()
        unsafe rd_kafka_conf_set_opaque(native, Unmanaged.passUnretained(callbacks).toOpaque())
        unsafe callbacks.register(on: native)
        unsafe register(native)
        var made: OpaquePointer?
        let failure = unsafe withReason { reason, size in
            unsafe made = rd_kafka_new(kind, native, reason, size)
            if unsafe made != nil { return RD_KAFKA_RESP_ERR_NO_ERROR }
            let code = rd_kafka_last_error()
            return code == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR__FAIL : code
        }
        guard let made = unsafe made else {
            unsafe rd_kafka_conf_destroy(native)
            throw failure ?? KafkaError(code: .invalidArgument)
        }
        unsafe pointer = unsafe made
        self.callbacks = callbacks
    }

    deinit { unsafe rd_kafka_destroy(pointer) }

    /// The error after which the client can do no more work, if there was one.
    var fatalError: KafkaError? {
        var code = RD_KAFKA_RESP_ERR_NO_ERROR
        let failure = unsafe withReason { reason, size in
            code = unsafe rd_kafka_fatal_error(pointer, reason, size)
            return code
        }
        guard let failure else { return nil }
        return KafkaError(code: failure.code, message: failure.message, isRetriable: false, isFatal: true)
    }
}
