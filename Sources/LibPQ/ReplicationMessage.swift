/// A message of the streaming replication protocol. LSNs are in bytes, times in microseconds since 2000-01-01 UTC.
@safe public enum ReplicationMessage {
    /// A piece of the stream; its payload is valid only during the call that hands it over.
    case data(walStart: UInt64, walEnd: UInt64, sentAt: Int64, payload: UnsafeRawBufferPointer)
    /// A sign of life, with how far the server has come.
    case keepalive(walEnd: UInt64, sentAt: Int64, replyRequested: Bool)

    /// Reads the contents of a CopyData message.
    ///
    /// - Returns: nil for a message of a kind that the protocol does not have.
    init?(_ bytes: UnsafeRawBufferPointer) {
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        switch unsafe bytes.first {
        case UInt8(ascii: "w") where bytes.count >= 25:
            self = unsafe .data(
                walStart: word(1), walEnd: word(9), sentAt: Int64(bitPattern: word(17)),
                payload: UnsafeRawBufferPointer(rebasing: bytes[25...]))
        case UInt8(ascii: "k") where bytes.count >= 18:
            self = unsafe .keepalive(
                walEnd: word(1), sentAt: Int64(bitPattern: word(9)), replyRequested: bytes[17] != 0)
        default: return nil
        }
    }
}
