/// Turns JSON values into PostgreSQL text.
///
/// `write` puts COPY text into an arena; everything below it writes plain text, which for numbers, dates and the like is
/// the same. What needs escaping goes through `scratch`. Reused for a decoder's life: nothing is allocated once warm.
struct ValueWriter {
    let placeholder: Placeholder
    var scratch = ByteSink(capacity: 1024)
    /// For the insides of what is in `scratch`.
    var inner = ByteSink(capacity: 256)
    var digits = ByteSink(capacity: 256)
    let nested = JSONReader()

    init(_ placeholder: Placeholder) { self.placeholder = placeholder }

    func free() {
        scratch.free()
        inner.free()
        digits.free()
    }

    /// Writes one value as COPY text.
    ///
    /// - Returns: whether it is a value; when not, nothing was put.
    @inline(__always)
    mutating func write(
        _ tokens: JSONTokens, _ token: Int, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        let kind = tokens.kind(token)
        if kind == .null { return encoding.isNullUnknown ? .unavailable : .null }
        if encoding.isArray { return try writeArray(tokens, token, encoding, into: &sink) }
        let raw = tokens.bytes(token)
        if kind == .string {
            if placeholder.isText(raw) { return .unavailable }
            if encoding.kind == .text {
                try JSONText.writeCopy(raw, into: &sink)
                return .value
            }
        }
        switch encoding.kind {
        case .integer:
            guard kind == .number, raw.isInteger else { throw .type("an integer") }
            sink.reserve(raw.count)
            sink.put(raw)
            return .value
        case .bytes, .bytesHex:
            guard kind == .string else { throw .type("a string of bytes") }
            if placeholder.isEncoded(raw) { return .unavailable }
            sink.reserve(1)
            sink.put(UInt8(ascii: "\\"))
            try writeBytes(raw, encoding, into: &sink)
            return .value
        case .hstore, .mysqlEnumeration, .encodedText, .any, .text:
            return try writeEscaped(tokens, token, encoding, into: &sink)
        default:
            return try writePlain(tokens, token, encoding, into: &sink)
        }
    }

    /// Writes a value plain into `scratch` and from there as COPY text.
    private mutating func writeEscaped(
        _ tokens: JSONTokens, _ token: Int, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        var plain = scratch
        defer { scratch = plain }
        plain.removeAll()
        let presence = try writePlain(tokens, token, encoding, into: &plain)
        sink.reserve(plain.count * 2)
        for index in 0..<plain.count { sink.putCopyEscaped(plain[index]) }
        return presence
    }

    /// Writes one value that is not null and not an array as plain text.
    mutating func writePlain(
        _ tokens: JSONTokens, _ token: Int, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        let kind = tokens.kind(token)
        let raw = tokens.bytes(token)
        switch encoding.kind {
        case .text: try writeText(kind, raw, into: &sink)
        case .integer: try writeNumber(kind, raw, into: &sink)
        case .unsigned: try writeUnsigned(kind, raw, into: &sink)
        case .float: try writeFloat(kind, raw, into: &sink)
        case .boolean: try writeBoolean(kind, into: &sink)
        case .decimal, .decimalText: try writeDecimal(tokens, token, encoding, into: &sink)
        case .bytes, .bytesHex:
            guard kind == .string else { throw .type("a string of bytes") }
            try writeBytes(raw, encoding, into: &sink)
        case .bits, .varyingBits: try writeBits(kind, raw, encoding, into: &sink)
        case .date: try writeDate(kind, raw, into: &sink)
        case .time: try writeTime(kind, raw, encoding, into: &sink)
        case .duration: try writeTime(kind, raw, encoding, into: &sink)
        case .timestamp: return try writeTimestamp(kind, raw, encoding, into: &sink)
        case .zonedTime, .zonedTimestamp: try writeZoned(kind, raw, encoding, into: &sink)
        case .interval: return try writeInterval(kind, raw, into: &sink)
        case .hstore: return try writeHstore(tokens, token, into: &sink)
        case .point: return try writePoint(tokens, token, into: &sink)
        case .geometry: return try writeGeometry(tokens, token, into: &sink)
        case .mysqlEnumeration: try writeEnumeration(kind, raw, into: &sink)
        case .encodedText: try writeEncodedText(kind, raw, into: &sink)
        case .any: try writeAny(kind, raw, into: &sink)
        }
        return .value
    }
}
