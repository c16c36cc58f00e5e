extension JSONText {
    /// The text with the escapes that Jackson writes.
    static func escaped(_ text: String) -> [UInt8] {
        var raw: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): raw += [UInt8(ascii: "\\"), byte]
            case 0x08: raw += Array("\\b".utf8)
            case 0x09: raw += Array("\\t".utf8)
            case 0x0A: raw += Array("\\n".utf8)
            case 0x0C: raw += Array("\\f".utf8)
            case 0x0D: raw += Array("\\r".utf8)
            case 0..<0x20:
                let high = UInt8.hex(byte >> 4)
                let low = byte & 15
                raw += Array("\\u00".utf8) + [high, low < 10 ? UInt8.hex(low) : UInt8(ascii: "A") + low - 10]
            default: raw.append(byte)
            }
        }
        return raw
    }
}
