/// Byte strings, points and geometries.
extension JSONValueWriter {
    /// A `\x...` text as the mode asks.
    mutating func writeBytes(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard text.hasPrefix("\\x"), text.count % 2 == 0 else { throw .encoding("bytes in hexadecimal") }
        putQuote(into: &sink)
        if modes.binary == .hex {
            sink.append(text.dropFirst(2))
        } else {
            try readHex(text.dropFirst(2))
            Base64.encode(inner.view(0, inner.count), urlSafe: modes.binary == .base64URLSafe, into: &sink)
        }
        putQuote(into: &sink)
    }

    /// Puts the bytes that hexadecimal digits stand for into `inner`.
    private mutating func readHex(_ digits: ByteView) throws(ValueFault) {
        inner.removeAll()
        inner.reserve(digits.count / 2)
        var index = 0
        while index + 1 < digits.count {
            guard let high = digits[index].hexDigit, let low = digits[index + 1].hexDigit else {
                throw .encoding("bytes in hexadecimal")
            }
            inner.put(high << 4 | low)
            index += 2
        }
    }

    /// `(x,y)` as a struct of the numbers and their well-known binary.
    mutating func writePoint(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard text.count > 4, let comma = text.firstIndex(of: UInt8(ascii: ",")), (1..<text.count - 1).contains(comma)
        else { throw .encoding("a point") }
        let (first, second) = (text.slice(1, comma), text.slice(comma + 1, text.count - 1))
        guard let x = Double(first.string), let y = Double(second.string) else { throw .encoding("a point") }
        sink.append("{\"x\":")
        try writeFloat(first, into: &sink)
        sink.append(",\"y\":")
        try writeFloat(second, into: &sink)
        inner.removeAll()
        inner.reserve(21)
        for byte: UInt8 in [1, 1, 0, 0, 0] { inner.put(byte) }
        for coordinate in [x, y] {
            for place in 0..<8 { inner.put(UInt8(truncatingIfNeeded: coordinate.bitPattern >> UInt64(8 * place))) }
        }
        sink.append(",\"wkb\":\"")
        Base64.encode(inner.view(0, inner.count), into: &sink)
        sink.append("\",\"srid\":null}")
    }

    /// Extended well-known binary in hexadecimal as a struct of binary and SRID.
    mutating func writeGeometry(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        try readHex(text)
        guard inner.count >= 5 else { throw .encoding("a geometry") }
        let isLittleEndian = inner[0] == 1
        let flags = isLittleEndian ? 4 : 1
        var reference: UInt32?
        if inner[flags] & 0x20 != 0, inner.count >= 9 {
            reference = (0..<4).reduce(UInt32(0)) { number, place in
                number << 8 | UInt32(inner[isLittleEndian ? 8 - place : 5 + place])
            }
        }
        sink.append("{\"wkb\":\"")
        Base64.encode(inner.view(0, inner.count), into: &sink)
        sink.append("\",\"srid\":")
        sink.append(reference.map { String($0) } ?? "null")
        sink.append("}")
    }
}
