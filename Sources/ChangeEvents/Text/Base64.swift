/// Base64 of either alphabet, padding optional on reading.
enum Base64 {
    /// Appends the decoded bytes.
    ///
    /// - Returns: false when the text is not base64; what was put by then is the caller's to take back.
    static func decode(_ text: ByteView, into sink: inout ByteSink) -> Bool {
        var count = text.count
        while count > 0, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        guard count % 4 != 1, text.count - count <= 2 else { return false }
        sink.reserve(count / 4 * 3 + 3)
        var index = 0
        var word: UInt32 = 0
        var invalid: UInt8 = 0
        while index + 4 <= count {
            let (a, b) = (decoded(text[index]), decoded(text[index + 1]))
            let (c, d) = (decoded(text[index + 2]), decoded(text[index + 3]))
            invalid |= a | b | c | d
            word = UInt32(a & 63) << 18 | UInt32(b & 63) << 12 | UInt32(c & 63) << 6 | UInt32(d & 63)
            sink.put(UInt8(truncatingIfNeeded: word >> 16))
            sink.put(UInt8(truncatingIfNeeded: word >> 8))
            sink.put(UInt8(truncatingIfNeeded: word))
            index += 4
        }
        if index < count {
            word = 0
            for place in 0..<4 {
                let value = index + place < count ? decoded(text[index + place]) : 0
                invalid |= value
                word = word << 6 | UInt32(value & 63)
            }
            sink.put(UInt8(truncatingIfNeeded: word >> 16))
            if count - index == 3 { sink.put(UInt8(truncatingIfNeeded: word >> 8)) }
        }
        return invalid & 0x80 == 0
    }

    /// Appends bytes encoded in the standard alphabet, padded, or in the URL-safe one.
    static func encode(_ bytes: ByteView, urlSafe: Bool = false, into sink: inout ByteSink) {
        sink.reserve((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            var word = UInt32(bytes[index]) << 16
            if left > 1 { word |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { word |= UInt32(bytes[index + 2]) }
            sink.put(encoded(word >> 18, urlSafe))
            sink.put(encoded(word >> 12 & 63, urlSafe))
            sink.put(left > 1 ? encoded(word >> 6 & 63, urlSafe) : UInt8(ascii: "="))
            sink.put(left > 2 ? encoded(word & 63, urlSafe) : UInt8(ascii: "="))
            index += 3
        }
    }

    /// Six bits; 0x80 for a character that is not in an alphabet.
    @inline(__always)
    private static func decoded(_ character: UInt8) -> UInt8 {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: 0x80
        }
    }

    @inline(__always)
    private static func encoded(_ bits: UInt32, _ urlSafe: Bool) -> UInt8 {
        switch bits {
        case 0..<26: UInt8(bits) + UInt8(ascii: "A")
        case 26..<52: UInt8(bits) - 26 + UInt8(ascii: "a")
        case 52..<62: UInt8(bits) - 52 + UInt8(ascii: "0")
        case 62: urlSafe ? UInt8(ascii: "-") : UInt8(ascii: "+")
        default: urlSafe ? UInt8(ascii: "_") : UInt8(ascii: "/")
        }
    }
}
