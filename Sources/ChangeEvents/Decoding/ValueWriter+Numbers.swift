/// Numbers and booleans.
extension ValueWriter {
    func writeNumber(_ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard kind == .number, raw.isInteger else { throw .type("an integer") }
        sink.append(raw)
    }

    func writeUnsigned(_ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard kind == .number, raw.isInteger else { throw .type("an integer") }
        guard raw[0] == UInt8(ascii: "-") else { return sink.append(raw) }
        guard let value = raw.integer else { throw .encoding("an integer of 64 bits") }
        sink.reserve(20)
        sink.putDigits(UInt64(bitPattern: value))
    }

    func writeFloat(_ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        switch kind {
        case .number: sink.append(raw)
        case .string: try writeSpecial(raw, into: &sink)
        default: throw .type("a number")
        }
    }

    /// NaN and the infinities, in PostgreSQL's spelling.
    private func writeSpecial(_ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        sink.reserve(9)
        if raw.equals("NaN") || raw.equals("NAN") {
            sink.put("NaN")
        } else if raw.equals("Infinity") || raw.equals("POSITIVE_INFINITY") {
            sink.put("Infinity")
        } else if raw.equals("-Infinity") || raw.equals("NEGATIVE_INFINITY") {
            sink.put("-Infinity")
        } else {
            throw .encoding("a number, NaN or an infinity")
        }
    }

    func writeBoolean(_ kind: JSONKind, into sink: inout ByteSink) throws(ValueFault) {
        sink.reserve(1)
        switch kind {
        case .true: sink.put(UInt8(ascii: "t"))
        case .false: sink.put(UInt8(ascii: "f"))
        default: throw .type("a boolean")
        }
    }

    mutating func writeDecimal(
        _ tokens: JSONTokens, _ token: Int, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        let raw = tokens.bytes(token)
        switch tokens.kind(token) {
        case .number: try writePlainNumber(raw, into: &sink)
        case .string where encoding.kind == .decimalText:
            if raw.count > 0, raw.digit(raw.count - 1) != nil, Self.isNumber(raw) {
                let start = sink.count
                try writePlainNumber(raw, into: &sink)
                if encoding.trimsZeros { trimZeros(from: start, in: &sink) }
            } else {
                try writeSpecial(raw, into: &sink)
            }
        case .string: try writeUnscaled(raw, scale: encoding.parameter, into: &sink)
        case .object:
            guard let scale = tokens.member(token, "scale"), let value = tokens.member(token, "value"),
                let digits = tokens.bytes(scale).integer, digits.magnitude <= 16_383, tokens.kind(value) == .string
            else { throw .encoding("a struct of scale and value") }
            try writeUnscaled(tokens.bytes(value), scale: Int(digits), into: &sink)
        default: throw .type("a decimal")
        }
    }

    /// A number without an exponent, which not every type of PostgreSQL reads (`money`).
    private mutating func writePlainNumber(_ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard let mark = raw.firstIndex(of: UInt8(ascii: "E")) ?? raw.firstIndex(of: UInt8(ascii: "e")) else {
            return sink.append(raw)
        }
        let hasPlus = mark + 1 < raw.count && raw[mark + 1] == UInt8(ascii: "+")
        let start = hasPlus ? mark + 2 : mark + 1
        guard (0..<mark).contains(where: { raw.digit($0) != nil }), start < raw.count,
            let exponent = raw.dropFirst(start).integer, exponent.magnitude <= 16_383
        else {
            throw .encoding("a decimal that PostgreSQL can hold")
        }
        let mantissa = raw.slice(0, mark)
        let point = mantissa.firstIndex(of: UInt8(ascii: "."))
        let isNegative = mantissa[0] == UInt8(ascii: "-")
        digits.removeAll()
        digits.reserve(mantissa.count)
        for index in 0..<mantissa.count {
            let isLeadingZero = digits.count == 0 && mantissa[index] == UInt8(ascii: "0")
            if mantissa.digit(index) != nil, !isLeadingZero { digits.put(mantissa[index]) }
        }
        if digits.count == 0 { digits.put(UInt8(ascii: "0")) }
        var scale = (point.map { mantissa.count - $0 - 1 } ?? 0) - Int(exponent)
        var end = digits.count
        while scale > 0, end > 1, digits[end - 1] == UInt8(ascii: "0") {
            end -= 1
            scale -= 1
        }
        DecimalText.writeDigits(digits.view(0, end), isNegative, scale, into: &sink)
    }

    private mutating func writeUnscaled(
        _ raw: ByteView, scale: Int, into sink: inout ByteSink
    ) throws(ValueFault) {
        inner.removeAll()
        guard Base64.decode(raw, into: &inner), inner.count > 0 else { throw .encoding("a decimal in base64") }
        let start = sink.count
        DecimalText.write(inner.view(0, inner.count), scale: scale, into: &sink, scratch: &digits)
        // A negative scale in the catalog comes as two thousand digits of zeros behind the point.
        if scale > 1000 { trimZeros(from: start, in: &sink) }
    }

    /// Takes back the zeros behind the point that a number ends in.
    private func trimZeros(from start: Int, in sink: inout ByteSink) {
        guard sink.view(start, sink.count - start).firstIndex(of: UInt8(ascii: ".")) != nil else { return }
        var end = sink.count
        while end > start, sink[end - 1] == UInt8(ascii: "0") { end -= 1 }
        if end > start, sink[end - 1] == UInt8(ascii: ".") { end -= 1 }
        sink.truncate(to: end)
    }

    /// Digits with a sign, a point and an exponent at most.
    private static func isNumber(_ raw: ByteView) -> Bool {
        for index in 0..<raw.count {
            switch raw[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                continue
            default: return false
            }
        }
        return true
    }
}
