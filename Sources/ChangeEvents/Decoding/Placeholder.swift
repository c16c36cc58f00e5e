/// Every form that the connector gives to a value which the source did not send.
final class Placeholder: Sendable {
    /// The text as it stands in JSON; also the only element of text and jsonb arrays.
    let text: [UInt8]
    /// The bytes in base64, standard alphabet and URL-safe, and in hexadecimal.
    let encoded: [[UInt8]]
    /// The bytes as signed numbers: integer, bigint and date arrays.
    let numbers: [Int64]
    /// The name-based UUID of the bytes: the only element of uuid arrays.
    let uuid: [UInt8]

    init(_ bytes: [UInt8]) {
        // Java reads the bytes as UTF-8, ill-formed ones replaced, before it makes a string of them.
        text = JSONText.escaped(String(decoding: bytes, as: UTF8.self))
        numbers = bytes.map { Int64(Int8(bitPattern: $0)) }
        uuid = Self.nameUUID(bytes)
        var forms: [[UInt8]] = []
        var sink = ByteSink(capacity: 256)
        defer { sink.free() }
        unsafe bytes.withUnsafeBytes { buffer in
            let view = unsafe ByteView(buffer)
            for urlSafe in [false, true] {
                sink.removeAll()
                Base64.encode(view, urlSafe: urlSafe, into: &sink)
                forms.append(sink.view(0, sink.count).array)
            }
        }
        forms.append(bytes.flatMap { [UInt8.hex($0 >> 4), UInt8.hex($0)] })
        encoded = forms
    }

    /// Whether a string is the placeholder's text.
    @inline(__always)
    func isText(_ raw: ByteView) -> Bool { raw.count == text.count && Self.isEqual(raw, text) }

    /// Whether a string is one of the encodings of the placeholder's bytes.
    func isEncoded(_ raw: ByteView) -> Bool { encoded.contains { Self.isEqual(raw, $0) } }

    /// Whether an array's only element is a form of the placeholder, or its elements are the placeholder's bytes.
    func isArray(_ tokens: JSONTokens, _ array: Int) -> Bool {
        var element = array + 1
        let end = tokens.end(array)
        guard element < end else { return false }
        switch tokens.kind(element) {
        case .string:
            guard tokens.end(element) == end else { return false }
            let raw = tokens.bytes(element)
            return isText(raw) || Self.isEqual(raw, uuid) || isEncoded(raw)
        case .number:
            guard end - element == numbers.count else { return false }
            for number in numbers {
                guard tokens.kind(element) == .number, tokens.bytes(element).integer == number else { return false }
                element += 1
            }
            return true
        default: return false
        }
    }

    /// Whether a map has the placeholder as a key: an hstore's form.
    func isMap(_ tokens: JSONTokens, _ map: Int) -> Bool {
        map + 1 < tokens.end(map) && tokens.end(map + 1) == tokens.end(map) && isText(tokens.key(map + 1))
    }

    private static func isEqual(_ raw: ByteView, _ form: [UInt8]) -> Bool {
        guard raw.count == form.count else { return false }
        for index in form.indices where raw[index] != form[index] { return false }
        return true
    }

    private static func nameUUID(_ bytes: [UInt8]) -> [UInt8] {
        var digest = MD5.digest(bytes)
        digest[6] = digest[6] & 0x0F | 0x30
        digest[8] = digest[8] & 0x3F | 0x80
        var text: [UInt8] = []
        for (index, byte) in digest.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text += [UInt8.hex(byte >> 4), UInt8.hex(byte)]
        }
        return text
    }
}
