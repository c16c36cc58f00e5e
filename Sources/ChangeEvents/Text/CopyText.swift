/// PostgreSQL's COPY text format: backslash, newline, carriage return and tab are escaped.
extension ByteSink {
    /// One byte of a value, escaped; room for two must have been reserved.
    @inline(__always)
    mutating func putCopyEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"):
            put(UInt8(ascii: "\\"))
            put(UInt8(ascii: "\\"))
        case 0x0A:
            put(UInt8(ascii: "\\"))
            put(UInt8(ascii: "n"))
        case 0x0D:
            put(UInt8(ascii: "\\"))
            put(UInt8(ascii: "r"))
        case 0x09:
            put(UInt8(ascii: "\\"))
            put(UInt8(ascii: "t"))
        default: put(byte)
        }
    }
}

/// The value that COPY would read from escaped bytes; only the escapes that this module writes are known.
func copyUnescaped(_ bytes: ByteView) -> String {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
        var byte = bytes[index]
        if byte == UInt8(ascii: "\\"), index + 1 < bytes.count {
            index += 1
            byte =
                switch bytes[index] {
                case UInt8(ascii: "n"): 0x0A
                case UInt8(ascii: "r"): 0x0D
                case UInt8(ascii: "t"): 0x09
                default: bytes[index]
                }
        }
        plain.append(byte)
        index += 1
    }
    return String(decoding: plain, as: UTF8.self)
}
