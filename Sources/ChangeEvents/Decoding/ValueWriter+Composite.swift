/// Arrays, maps and structs.
extension ValueWriter {
    /// An array in PostgreSQL's form, as COPY text: `{1,NULL,"a\\"b"}`.
    mutating func writeArray(
        _ tokens: JSONTokens, _ token: Int, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        let kind = tokens.kind(token)
        if kind == .string {
            // Our own capture sends what is no plain list as PostgreSQL's text.
            let raw = tokens.bytes(token)
            if placeholder.isText(raw) { return .unavailable }
            guard raw.hasPrefix("{") || raw.hasPrefix("[") else { throw .type("an array") }
            try JSONText.writeCopy(raw, into: &sink)
            return .value
        }
        guard kind == .array else { throw .type("an array") }
        if placeholder.isArray(tokens, token) { return .unavailable }
        var element = encoding
        element.isArray = false
        var plain = scratch
        defer { scratch = plain }
        sink.reserve(2)
        sink.put(UInt8(ascii: "{"))
        var index = token + 1
        while index < tokens.end(token) {
            if index > token + 1 {
                sink.reserve(1)
                sink.put(UInt8(ascii: ","))
            }
            if tokens.kind(index) == .null {
                sink.reserve(4)
                sink.put("NULL")
            } else {
                if Self.isJavaArray(tokens, index) { return .unavailable }
                plain.removeAll()
                guard try writePlain(tokens, index, element, into: &plain) == .value else { return .unavailable }
                putQuoted(plain.view(0, plain.count), into: &sink)
            }
            index = tokens.end(index)
        }
        sink.reserve(1)
        sink.put(UInt8(ascii: "}"))
        return .value
    }

    /// Whether an element is what the connector makes of the rows of a two-dimensional array: Java's name of an object.
    private static func isJavaArray(_ tokens: JSONTokens, _ index: Int) -> Bool {
        tokens.kind(index) == .string && tokens.bytes(index).hasPrefix("[Ljava.lang.")
    }

    /// An array's element as COPY text, in quotes where the form needs them.
    private func putQuoted(_ plain: ByteView, into sink: inout ByteSink) {
        sink.reserve(plain.count * 4 + 2)
        guard Self.needsQuotes(plain) else { return sink.put(plain) }
        sink.put(UInt8(ascii: "\""))
        for index in 0..<plain.count {
            let byte = plain[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                sink.putCopyEscaped(UInt8(ascii: "\\"))
            }
            sink.putCopyEscaped(byte)
        }
        sink.put(UInt8(ascii: "\""))
    }

    private static func needsQuotes(_ plain: ByteView) -> Bool {
        if plain.isEmpty { return true }
        for index in 0..<plain.count {
            switch plain[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\\"),
                0x00...0x20:
                return true
            default: continue
            }
        }
        return plain.count == 4 && (plain[0] | 0x20) == UInt8(ascii: "n") && (plain[1] | 0x20) == UInt8(ascii: "u")
            && (plain[2] | 0x20) == UInt8(ascii: "l") && (plain[3] | 0x20) == UInt8(ascii: "l")
    }

    /// An hstore, plain: `"key"=>"value", "other"=>NULL`.
    mutating func writeHstore(
        _ tokens: JSONTokens, _ token: Int, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        switch tokens.kind(token) {
        case .object: return try writePairs(tokens, token, into: &sink)
        case .string:
            inner.removeAll()
            try JSONText.writePlain(tokens.bytes(token), into: &inner)
            let pairs: JSONTokens
            do throws(JSONReader.Failure) {
                pairs = try nested.read(inner.view(0, inner.count))
            } catch {
                throw .encoding("a JSON object of texts")
            }
            guard pairs.kind(0) == .object else { throw .encoding("a JSON object of texts") }
            return try writePairs(pairs, 0, into: &sink)
        default: throw .type("an hstore")
        }
    }

    private mutating func writePairs(
        _ tokens: JSONTokens, _ map: Int, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        if placeholder.isMap(tokens, map) { return .unavailable }
        var index = map + 1
        while index < tokens.end(map) {
            if index > map + 1 {
                sink.reserve(2)
                sink.put(", ")
            }
            try putHstoreText(tokens.key(index), into: &sink)
            sink.reserve(6)
            sink.put("=>")
            switch tokens.kind(index) {
            case .null: sink.put("NULL")
            case .string: try putHstoreText(tokens.bytes(index), into: &sink)
            default: throw .encoding("a JSON object of texts")
            }
            index = tokens.end(index)
        }
        return .value
    }

    private mutating func putHstoreText(_ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        digits.removeAll()
        try JSONText.writePlain(raw, into: &digits)
        sink.reserve(digits.count * 2 + 2)
        sink.put(UInt8(ascii: "\""))
        for index in 0..<digits.count {
            let byte = digits[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { sink.put(UInt8(ascii: "\\")) }
            sink.put(byte)
        }
        sink.put(UInt8(ascii: "\""))
    }

    /// A point: `(1.5,-2.5)`.
    func writePoint(
        _ tokens: JSONTokens, _ token: Int, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        guard tokens.kind(token) == .object else { throw .type("a point") }
        guard let x = tokens.member(token, "x"), let y = tokens.member(token, "y") else {
            throw .encoding("a struct with x and y")
        }
        sink.append(ByteView.open)
        try writeFloat(tokens.kind(x), tokens.bytes(x), into: &sink)
        sink.reserve(1)
        sink.put(UInt8(ascii: ","))
        try writeFloat(tokens.kind(y), tokens.bytes(y), into: &sink)
        sink.reserve(1)
        sink.put(UInt8(ascii: ")"))
        return .value
    }

    /// A geometry as extended well-known binary in hexadecimal, which PostGIS reads.
    mutating func writeGeometry(
        _ tokens: JSONTokens, _ token: Int, into sink: inout ByteSink
    ) throws(ValueFault) -> Presence {
        guard tokens.kind(token) == .object else { throw .type("a geometry") }
        guard let wkb = tokens.member(token, "wkb"), tokens.kind(wkb) == .string else {
            throw .encoding("a struct with wkb")
        }
        inner.removeAll()
        guard Base64.decode(tokens.bytes(wkb), into: &inner), inner.count >= 5 else {
            throw .encoding("well-known binary in base64")
        }
        let spatialReference = tokens.member(token, "srid").flatMap { tokens.bytes($0).integer }
        let isLittleEndian = inner[0] == 1
        let flags = isLittleEndian ? 4 : 1
        let hasReference = inner[flags] & 0x20 != 0
        sink.reserve(inner.count * 2 + 8)
        for index in 0..<inner.count {
            var byte = inner[index]
            if index == flags, spatialReference != nil, !hasReference { byte |= 0x20 }
            putHex(byte, into: &sink)
            if index == 4, !hasReference, let spatialReference {
                let number = UInt32(truncatingIfNeeded: spatialReference)
                let ordered = isLittleEndian ? number.littleEndian : number.bigEndian
                for place in 0..<4 { putHex(UInt8(truncatingIfNeeded: ordered >> UInt32(8 * place)), into: &sink) }
            }
        }
        return .value
    }

    private func putHex(_ byte: UInt8, into sink: inout ByteSink) {
        sink.put(UInt8.hex(byte >> 4))
        sink.put(UInt8.hex(byte))
    }
}

extension ByteView {
    /// An opening parenthesis.
    fileprivate static var open: ByteView {
        let text: StaticString = "("
        return unsafe ByteView(base: text.utf8Start, count: 1)
    }
}
