/// JSON strings as they stand in a document, their escapes undone.
enum JSONText {
    /// Puts a string's bytes as COPY text.
    ///
    /// A raw JSON string holds no control characters, so that whatever COPY would have to escape is behind a backslash
    /// already and a string without one is copied as it is.
    @inline(__always)
    static func writeCopy(_ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard let first = raw.firstIndex(of: UInt8(ascii: "\\")) else {
            sink.reserve(raw.count)
            sink.put(raw)
            return
        }
        sink.reserve(raw.count * 2)
        sink.put(raw.slice(0, first))
        var index = first
        while index < raw.count {
            let byte = raw[index]
            if byte == UInt8(ascii: "\\") {
                try putEscape(raw, &index, copy: true, into: &sink)
            } else {
                sink.put(byte)
                index += 1
            }
        }
    }

    /// Puts a string's bytes plain.
    static func writePlain(_ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        sink.reserve(raw.count)
        var index = 0
        while index < raw.count {
            let byte = raw[index]
            if byte == UInt8(ascii: "\\") {
                try putEscape(raw, &index, copy: false, into: &sink)
            } else {
                sink.put(byte)
                index += 1
            }
        }
    }

    /// Puts what the escape at `index` stands for and moves behind it.
    private static func putEscape(
        _ raw: ByteView, _ index: inout Int, copy: Bool, into sink: inout ByteSink
    ) throws(ValueFault) {
        guard index + 1 < raw.count else { throw .encoding("a JSON escape") }
        let plain: UInt8
        switch raw[index + 1] {
        case UInt8(ascii: "\""): plain = UInt8(ascii: "\"")
        case UInt8(ascii: "\\"): plain = UInt8(ascii: "\\")
        case UInt8(ascii: "/"): plain = UInt8(ascii: "/")
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            let scalar = try unicodeScalar(raw, &index)
            guard scalar > 0x7F else {
                put(UInt8(scalar), copy, into: &sink)
                return
            }
            sink.putUTF8(scalar)
            return
        default: throw .encoding("a JSON escape")
        }
        index += 2
        put(plain, copy, into: &sink)
    }

    @inline(__always)
    private static func put(_ byte: UInt8, _ copy: Bool, into sink: inout ByteSink) {
        if copy { sink.putCopyEscaped(byte) } else { sink.put(byte) }
    }

    /// The code point of `\uXXXX` or of a surrogate pair of them.
    private static func unicodeScalar(_ raw: ByteView, _ index: inout Int) throws(ValueFault) -> UInt32 {
        let first = try unit(raw, index)
        index += 6
        guard first != 0 else {
            throw ValueFault(code: .unsupported, expected: "a text without zero characters")
        }
        guard first & 0xF800 == 0xD800 else { return first }
        guard first < 0xDC00, index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"),
            raw[index + 1] == UInt8(ascii: "u")
        else { throw .encoding("a pair of surrogates") }
        let second = try unit(raw, index)
        guard second & 0xFC00 == 0xDC00 else { throw .encoding("a pair of surrogates") }
        index += 6
        return 0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF)
    }

    private static func unit(_ raw: ByteView, _ index: Int) throws(ValueFault) -> UInt32 {
        guard index + 6 <= raw.count else { throw .encoding("four hexadecimal digits") }
        var unit: UInt32 = 0
        for place in (index + 2)..<(index + 6) {
            guard let digit = raw[place].hexDigit else { throw .encoding("four hexadecimal digits") }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit; nil when the character is none.
    @inline(__always)
    var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The hexadecimal digit for the low four bits.
    @inline(__always)
    static func hex(_ bits: UInt8) -> UInt8 {
        let bits = bits & 15
        return bits < 10 ? bits + UInt8(ascii: "0") : bits - 10 + UInt8(ascii: "a")
    }
}

extension ByteSink {
    /// A code point above 0x7F in UTF-8; room for four bytes must have been reserved.
    mutating func putUTF8(_ scalar: UInt32) {
        func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: scalar >> shift & 0x3F) }
        if scalar < 0x800 {
            put(0xC0 | UInt8(scalar >> 6))
        } else {
            if scalar < 0x10000 {
                put(0xE0 | UInt8(scalar >> 12))
            } else {
                put(0xF0 | UInt8(scalar >> 18))
                put(tail(12))
            }
            put(tail(6))
        }
        put(tail(0))
    }
}
