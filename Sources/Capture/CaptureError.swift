internal import RDKafka

/// Why a capture cannot go on.
public struct CaptureError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// What was asked for cannot be, with what to do about it.
        case configuration
        /// The slot does not hold the changes any more that are needed to go on: what came between is lost to the stream.
        case slotLost = "slot-lost"
        /// The server sent a message that the protocol does not have.
        case protocolViolation = "protocol-violation"
        /// A value is not of its type's form.
        case unreadableValue = "unreadable-value"
        /// An event is larger than the producer or the broker allows; tried again, in case the broker's limit is raised.
        case tooLarge = "too-large"
        /// The broker refused an event for good.
        case delivery
    }

    /// The kind of failure.
    public let code: Code
    /// What failed, where, and what to do. No row values.
    public let message: String

    /// An error of a kind.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }

    static func tooLarge(_ bytes: Int, _ error: KafkaError) -> CaptureError {
        CaptureError(
            .tooLarge,
            """
            an event of \(bytes) bytes is larger than is allowed (\(error)); raise the topic's or broker's max.message.bytes, \
            and message.max.bytes in the playbook's kafka.properties. The slot stays before it: nothing is lost or skipped
            """)
    }
}
