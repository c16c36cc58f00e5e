/// Where an encoder writes a message's key and value. Reused: its memory is kept from event to event.
@safe
public final class EventBuffer {
    var keyBytes = ByteSink(capacity: 256)
    var valueBytes = ByteSink(capacity: 4096)
    var hasKey = false
    var hasValue = false

    /// An empty buffer.
    public init() {}

    deinit {
        keyBytes.free()
        valueBytes.free()
    }

    /// The key as last written; nil when the message has none. Valid until the buffer is next written to.
    @unsafe
    public var key: UnsafeRawBufferPointer? { unsafe hasKey ? keyBytes.bytes : nil }

    /// The value as last written; nil for a tombstone. Valid until the buffer is next written to.
    @unsafe
    public var value: UnsafeRawBufferPointer? { unsafe hasValue ? valueBytes.bytes : nil }

    /// A copy of the key as last written, for the headers of key changes.
    public var keyArray: [UInt8]? { hasKey ? keyBytes.view(0, keyBytes.count).array : nil }

    /// A copy of the value as last written.
    public var valueArray: [UInt8]? { hasValue ? valueBytes.view(0, valueBytes.count).array : nil }

    func start(key: Bool, value: Bool) {
        keyBytes.removeAll()
        valueBytes.removeAll()
        hasKey = key
        hasValue = value
    }
}
