import CRDKafka

/// What went wrong in a call to librdkafka or at a broker.
///
/// `description` names the code, the operation's own words (property, broker, topic) and nothing of a message's content.
public struct KafkaError: Error, Sendable, Equatable {
    /// librdkafka's error code; decisions are taken by it, never by the text.
    public let code: Code
    /// The reason in librdkafka's or the broker's words, with the property, broker or topic that it is about.
    public let message: String
    /// The same call may succeed when made again.
    public let isRetriable: Bool
    /// The client that reported it can do no more work and has to be made anew.
    public let isFatal: Bool
    /// The current transaction has to be aborted before anything else.
    public let requiresAbort: Bool

    /// An error with its code's own defaults for what is not given.
    public init(
        code: Code, message: String = "", isRetriable: Bool? = nil, isFatal: Bool = false, requiresAbort: Bool = false
    ) {
        self.code = code
        self.message = message.isEmpty ? code.explanation : message
        self.isRetriable = isRetriable ?? code.isTransient
        self.isFatal = isFatal || code == .fatal
        self.requiresAbort = requiresAbort
    }
}

extension KafkaError: CustomStringConvertible {
    /// Code and reason on one line.
    public var description: String { "\(code): \(explanation)" }

    /// The reason, and what to look at where the client's properties may be it.
    var explanation: String { message + (code.advice.map { " (\($0))" } ?? "") }
}

extension KafkaError {
    init(_ raw: rd_kafka_resp_err_t, _ message: String = "") {
        self.init(code: Code(rawValue: raw.rawValue), message: message)
    }

    /// Takes over a `rd_kafka_error_t`, which is freed.
    init(consuming error: OpaquePointer, during operation: String) {
        let code = Code(rawValue: unsafe rd_kafka_error_code(error).rawValue)
        // Only the transactional calls set the flag; a full queue is plain.
        unsafe self.init(
            code: code, message: operation + ": " + String(cString: rd_kafka_error_string(error)),
            isRetriable: rd_kafka_error_is_retriable(error) != 0 || code == .queueFull,
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            requiresAbort: rd_kafka_error_txn_requires_abort(error) != 0)
        unsafe rd_kafka_error_destroy(error)
    }

    /// Throws unless `raw` is success.
    static func check(_ raw: rd_kafka_resp_err_t, _ operation: @autoclosure () -> String) throws(KafkaError) {
        guard raw != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        let code = Code(rawValue: raw.rawValue)
        throw KafkaError(code: code, message: operation() + ": " + code.explanation)
    }

    /// Throws when a call returned an error object, and frees it.
    static func check(_ error: OpaquePointer?, _ operation: @autoclosure () -> String) throws(KafkaError) {
        if let error = unsafe error { throw unsafe KafkaError(consuming: error, during: operation()) }
    }
}
