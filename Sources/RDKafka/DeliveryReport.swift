/// What became of one produced message.
public struct DeliveryReport: Sendable {
    /// The number given to `produce`.
    public let opaque: UInt64
    /// The partition it went to.
    public let partition: Int32
    /// Its offset; negative when it was not delivered.
    public let offset: Int64
    /// Bytes of its key and value.
    public let bytes: Int
    /// Why it was not delivered; nil when the broker has acknowledged it.
    public let error: KafkaError?
}
