import ChangeEvents

/// Bytes to be looked at during a call.
typealias Bytes = UnsafeRawBufferPointer

/// Reads the fields of a pgoutput message
/// (https://www.postgresql.org/docs/15/protocol-logicalrep-message-formats.html).
struct MessageReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    @inline(__always)
    private mutating func take(_ count: Int) throws(CaptureError) -> Int {
        let start = offset
        guard count >= 0, bytes.count &- start >= count else {
            throw CaptureError(.protocolViolation, "a replication message ends too early")
        }
        offset = start &+ count
        return start
    }

    @inline(__always)
    mutating func byte() throws(CaptureError) -> UInt8 { bytes[try take(1)] }

    @inline(__always)
    mutating func int16() throws(CaptureError) -> Int {
        Int(Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: try take(2), as: Int16.self)))
    }

    @inline(__always)
    mutating func uint32() throws(CaptureError) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: try take(4), as: UInt32.self))
    }

    mutating func uint64() throws(CaptureError) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: try take(8), as: UInt64.self))
    }

    /// A zero-terminated text.
    mutating func string() throws(CaptureError) -> String {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard let end = rest.firstIndex(of: 0) else {
            throw CaptureError(.protocolViolation, "a text in a replication message does not end")
        }
        offset += end + 1
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// As many bytes as are asked for, valid as long as the message.
    mutating func block(_ count: Int) throws(CaptureError) -> Bytes {
        let start = try take(count)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }

    /// A row: one value for each column, put into `tuple`, their texts as spans of the message.
    mutating func tuple(into tuple: inout [ValueSpan]) throws(CaptureError) {
        let count = try int16()
        tuple.removeAll(keepingCapacity: true)
        for _ in 0..<max(0, count) {
            switch try byte() {
            case UInt8(ascii: "t"):
                guard let length = Int32(exactly: try uint32()) else {
                    throw CaptureError(.protocolViolation, "a column value longer than a message can be")
                }
                tuple.append(ValueSpan(offset: try take(Int(length)), length: length))
            case UInt8(ascii: "n"): tuple.append(.null)
            // Out of line and not touched by the update, so it is not in the log.
            case UInt8(ascii: "u"): tuple.append(.unavailable)
            default: throw CaptureError(.protocolViolation, "a column value of a kind that was not asked for")
            }
        }
    }
}
