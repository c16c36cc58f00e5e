/// Numbers and bit strings.
extension JSONValueWriter {
    func writeFloat(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        if text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity") {
            sink.reserve(text.count + 2)
            sink.put(UInt8(ascii: "\""))
            sink.put(text)
            sink.put(UInt8(ascii: "\""))
            return
        }
        guard text.count > 0, text.digit(text.count - 1) != nil else { throw .encoding("a number") }
        sink.append(text)
    }

    mutating func writeDecimal(
        _ text: ByteView, _ type: EncodedType, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        if text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity") {
            return writeSpecial(text, into: &sink)
        }
        scratch.removeAll()
        let number = type.isMoney ? try plainMoney(text) : text
        switch modes.decimal {
        case .double:
            guard let double = Double(number.string) else { throw .encoding("a decimal") }
            sink.append(double.description)
        case .string:
            sink.reserve(number.count + 2)
            sink.put(UInt8(ascii: "\""))
            sink.put(number)
            sink.put(UInt8(ascii: "\""))
        case .precise:
            let isVariable = type.isOpenNumeric
            if modes.decimalsAreNumbers, !isVariable { return sink.append(number) }
            try writeUnscaled(number, scale: isVariable ? nil : encoding.parameter, into: &sink)
        }
    }

    private func writeSpecial(_ text: ByteView, into sink: inout ByteSink) {
        switch modes.decimal {
        case .precise: writeLost(into: &sink)
        case .double: writeString(text, into: &sink)
        case .string:
            sink.append(
                text.equals("NaN")
                    ? "\"NAN\"" : text.equals("Infinity") ? "\"POSITIVE_INFINITY\"" : "\"NEGATIVE_INFINITY\"")
        }
    }

    /// Money's digits with a point before the last two, whatever the locale prints around them.
    private mutating func plainMoney(_ text: ByteView) throws(ValueFault) -> ByteView {
        scratch.reserve(text.count + 4)
        var digits = 0
        for index in 0..<text.count where text.digit(index) != nil { digits += 1 }
        guard digits >= 3 else { throw .encoding("an amount of money") }
        for index in 0..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "(") { scratch.put(UInt8(ascii: "-")) }
            guard text.digit(index) != nil else { continue }
            if digits == 2 { scratch.put(UInt8(ascii: ".")) }
            scratch.put(byte)
            digits -= 1
        }
        return scratch.view(0, scratch.count)
    }

    /// Base64 of the unscaled value; with its scale in a struct when the type leaves the scale open.
    private mutating func writeUnscaled(
        _ text: ByteView, scale: Int?, into sink: inout ByteSink
    ) throws(ValueFault) {
        inner.removeAll()
        let places: Int
        if let small = DecimalText.small(text, scale: scale) {
            places = small.scale
            DecimalText.writeUnscaled(small.unscaled, into: &inner)
        } else if let (negative, shown) = DecimalText.digits(of: text, scale: scale) {
            places = shown.scale
            DecimalText.writeUnscaled(shown.digits, negative, into: &inner)
        } else {
            throw .encoding("a decimal")
        }
        if scale == nil {
            sink.reserve(40)
            sink.put("{\"scale\":")
            sink.appendInteger(Int64(places))
            sink.reserve(10)
            sink.put(",\"value\":")
        }
        putQuote(into: &sink)
        Base64.encode(inner.view(0, inner.count), into: &sink)
        putQuote(into: &sink)
        if scale == nil { sink.append("}") }
    }

    /// Little-endian bytes, zero bytes at the end left out; one bit is a boolean.
    mutating func writeBits(_ text: ByteView, _ type: EncodedType, into sink: inout ByteSink) throws(ValueFault) {
        if type.isSingleBit {
            return sink.append(text.equals("1") ? "true" : "false")
        }
        inner.removeAll()
        inner.reserve(text.count / 8 + 1)
        var byte: UInt8 = 0
        for place in 0..<text.count {
            guard let bit = text.digit(text.count - 1 - place), bit < 2 else { throw .encoding("bits") }
            byte |= UInt8(bit) << UInt8(place % 8)
            if place % 8 == 7 || place == text.count - 1 {
                inner.put(byte)
                byte = 0
            }
        }
        var end = inner.count
        while end > 0, inner[end - 1] == 0 { end -= 1 }
        putQuote(into: &sink)
        Base64.encode(inner.view(0, end), into: &sink)
        putQuote(into: &sink)
    }
}
