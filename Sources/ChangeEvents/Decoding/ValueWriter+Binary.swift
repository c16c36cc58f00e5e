/// Byte strings, bit strings and texts that the connector sends as bytes.
extension ValueWriter {
    /// PostgreSQL's hex form, `\x00ff`.
    mutating func writeBytes(
        _ raw: ByteView, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        sink.reserve(raw.count * 2 + 2)
        sink.put("\\x")
        if encoding.kind == .bytesHex {
            guard raw.count % 2 == 0 else { throw .encoding("pairs of hexadecimal digits") }
            for index in 0..<raw.count {
                guard let digit = raw[index].hexDigit else { throw .encoding("pairs of hexadecimal digits") }
                sink.put(UInt8.hex(digit))
            }
            return
        }
        inner.removeAll()
        guard Base64.decode(raw, into: &inner) else { throw .encoding("bytes in base64") }
        for index in 0..<inner.count {
            sink.put(UInt8.hex(inner[index] >> 4))
            sink.put(UInt8.hex(inner[index]))
        }
    }

    /// Little-endian bytes as a bit string, the highest bit first. Zero bytes at the end may be missing. A string of
    /// any length lost its leading zeros in the connector.
    mutating func writeBits(
        _ kind: JSONKind, _ raw: ByteView, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        if kind == .true || kind == .false {
            sink.reserve(1)
            sink.put(UInt8(ascii: kind == .true ? "1" : "0"))
            return
        }
        guard kind == .string else { throw .type("bits in base64") }
        inner.removeAll()
        guard Base64.decode(raw, into: &inner) else { throw .encoding("bits in base64") }
        var length = encoding.parameter
        if encoding.kind == .varyingBits {
            length = inner.count * 8
            while length > 0, bit(length - 1) == 0 { length -= 1 }
        } else {
            var highest = inner.count * 8
            while highest > length, bit(highest - 1) == 0 { highest -= 1 }
            guard highest <= length else { throw .encoding("as many bits as the column has") }
        }
        sink.reserve(length)
        for place in stride(from: length - 1, through: 0, by: -1) { sink.put(UInt8(ascii: "0") + bit(place)) }
    }

    private func bit(_ place: Int) -> UInt8 {
        place / 8 < inner.count ? inner[place / 8] >> UInt8(place % 8) & 1 : 0
    }

    mutating func writeEncodedText(
        _ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink
    ) throws(ValueFault) {
        guard kind == .string else { throw .type("a text in base64") }
        guard Base64.decode(raw, into: &sink) else { throw .encoding("a text in base64") }
    }
}
