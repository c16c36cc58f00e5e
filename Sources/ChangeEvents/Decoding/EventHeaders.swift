/// The message headers that the decoder understands, as bytes that the caller keeps alive for the call.
@safe
public struct EventHeaders {
    /// `__debezium.newkey`: on a delete, the key under which the row goes on.
    public let newKey: UnsafeRawBufferPointer?
    /// `__debezium.oldkey`: on a create, the key under which the row was known.
    public let oldKey: UnsafeRawBufferPointer?

    /// The name of the header with the new key.
    public static let newKeyName = "__debezium.newkey"
    /// The name of the header with the old key.
    public static let oldKeyName = "__debezium.oldkey"

    /// No headers.
    public init() {
        unsafe newKey = nil
        unsafe oldKey = nil
    }

    /// These headers.
    public init(newKey: UnsafeRawBufferPointer?, oldKey: UnsafeRawBufferPointer?) {
        unsafe self.newKey = unsafe newKey
        unsafe self.oldKey = unsafe oldKey
    }
}
