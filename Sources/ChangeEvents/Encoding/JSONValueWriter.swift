/// Turns PostgreSQL's text into JSON values the way the connector's modes ask.
struct JSONValueWriter {
    let modes: ConnectorModes
    let placeholder: Placeholder
    var scratch = ByteSink(capacity: 1024)
    var inner = ByteSink(capacity: 256)
    var elements = ByteSink(capacity: 256)

    init(_ modes: ConnectorModes) {
        self.modes = modes
        placeholder = Placeholder(modes.unavailablePlaceholder)
    }

    func free() {
        scratch.free()
        inner.free()
        elements.free()
    }

    var isISO: Bool { modes.time == .isostring }

    /// Writes a value.
    mutating func write(
        _ text: ByteView, _ type: EncodedType, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        if encoding.isArray {
            try writeArray(text, type, encoding, into: &sink)
        } else {
            try writeScalar(text, type, encoding, into: &sink)
        }
    }

    mutating func writeScalar(
        _ text: ByteView, _ type: EncodedType, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        switch encoding.kind {
        case .text, .mysqlEnumeration, .any: writeString(text, into: &sink)
        case .integer, .unsigned:
            guard text.isInteger, text.count > 0 else { throw .encoding("an integer") }
            sink.append(text)
        case .float: try writeFloat(text, into: &sink)
        case .boolean:
            sink.reserve(5)
            guard text.equals("t") || text.equals("f") else { throw .encoding("t or f") }
            if text[0] == UInt8(ascii: "t") { sink.put("true") } else { sink.put("false") }
        case .decimal, .decimalText: try writeDecimal(text, type, encoding, into: &sink)
        case .bytes, .bytesHex: try writeBytes(text, into: &sink)
        case .bits, .varyingBits: try writeBits(text, type, into: &sink)
        case .date: try writeDate(text, into: &sink)
        case .time, .duration: try writeTime(text, encoding, into: &sink)
        case .timestamp: try writeTimestamp(text, encoding, into: &sink)
        case .zonedTime: try writeZonedTime(text, into: &sink)
        case .zonedTimestamp: try writeZonedTimestamp(text, type.precision, into: &sink)
        case .interval: try writeInterval(text, into: &sink)
        case .hstore: try writeHstore(text, into: &sink)
        case .point: try writePoint(text, into: &sink)
        case .geometry: try writeGeometry(text, into: &sink)
        case .encodedText:
            putQuote(into: &sink)
            Base64.encode(text, into: &sink)
            putQuote(into: &sink)
        }
    }

    /// Writes the form that the connector gives to an unchanged out-of-line value of a column.
    mutating func writeUnavailable(_ type: EncodedType, _ encoding: ColumnEncoding, into sink: inout ByteSink) {
        if encoding.isArray {
            sink.append("[")
            if encoding.kind == .integer || (encoding.kind == .date && !isISO) {
                for (index, number) in placeholder.numbers.enumerated() {
                    if index > 0 { sink.append(",") }
                    sink.appendInteger(number)
                }
            } else if type.isUUID {
                writeQuoted(placeholder.uuid, into: &sink)
            } else {
                writeForm(encoding, into: &sink)
            }
            sink.append("]")
        } else {
            writeForm(encoding, into: &sink)
        }
    }

    private func writeForm(_ encoding: ColumnEncoding, into sink: inout ByteSink) {
        switch (encoding.kind, modes.binary) {
        case (.bytes, .base64URLSafe): writeQuoted(placeholder.encoded[1], into: &sink)
        case (.bytes, _): writeQuoted(placeholder.encoded[0], into: &sink)
        case (.bytesHex, _): writeQuoted(placeholder.encoded[2], into: &sink)
        default: writeQuoted(placeholder.text, into: &sink)
        }
    }

    /// Bytes that need no escapes any more, in quotes.
    func writeQuoted(_ raw: [UInt8], into sink: inout ByteSink) {
        putQuote(into: &sink)
        sink.append(raw)
        putQuote(into: &sink)
    }

    @inline(__always)
    func putQuote(into sink: inout ByteSink) {
        sink.reserve(1)
        sink.put(UInt8(ascii: "\""))
    }

    /// What a mode cannot carry is not sent.
    func writeLost(into sink: inout ByteSink) { writeQuoted(placeholder.text, into: &sink) }

    /// A JSON string in the very bytes that Jackson writes, so that a text key hashes as the connector's does: what lies
    /// beyond the basic plane is escaped, as two surrogates.
    func writeString(_ text: ByteView, into sink: inout ByteSink) {
        sink.reserve(text.count * 6 + 2)
        sink.put(UInt8(ascii: "\""))
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte < 0xF0 {
                index &+= 1
                continue
            }
            sink.put(text.slice(start, index))
            if byte >= 0xF0, index + 3 < text.count {
                sink.putSurrogates(text.slice(index, index + 4))
                index &+= 4
            } else {
                sink.putJSONEscaped(byte)
                index &+= 1
            }
            start = index
        }
        sink.put(text.slice(start, index))
        sink.put(UInt8(ascii: "\""))
    }
}

extension ByteSink {
    /// One byte of a JSON string; room for six must have been reserved.
    @inline(__always)
    mutating func putJSONEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            put(UInt8(ascii: "\\"))
            put(byte)
        case 0x20...0xFF: put(byte)
        case 0x08: put("\\b")
        case 0x09: put("\\t")
        case 0x0A: put("\\n")
        case 0x0C: put("\\f")
        case 0x0D: put("\\r")
        default:
            put("\\u00")
            put(UInt8.hex(byte >> 4))
            put(byte & 15 < 10 ? UInt8.hex(byte) : UInt8(ascii: "A") + (byte & 15) - 10)
        }
    }

    /// The four bytes of a character beyond the basic plane as two escapes; room for twelve must have been reserved.
    mutating func putSurrogates(_ character: ByteView) {
        var scalar = UInt32(character[0] & 0x07)
        for index in 1..<4 { scalar = scalar << 6 | UInt32(character[index] & 0x3F) }
        let offset = scalar &- 0x10000
        for unit in [0xD800 + (offset >> 10 & 0x3FF), 0xDC00 + (offset & 0x3FF)] {
            put("\\u")
            for shift in stride(from: UInt32(12), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: unit >> shift & 15)
                put(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
            }
        }
    }
}
