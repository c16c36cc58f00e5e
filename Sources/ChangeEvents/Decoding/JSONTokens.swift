import CSimdJSON

/// The kinds of JSON values.
enum JSONKind: UInt32 {
    case object = 1
    case array, string, number, `true`, `false`, null

    /// The kind as errors name it.
    var name: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .true, .false: "a boolean"
        case .null: "null"
        }
    }
}

/// The values of a parsed document, outer before inner, in the document's order. Valid until the reader parses again.
@safe
struct JSONTokens {
    private let tokens: UnsafePointer<tg_json_token>
    private let base: UnsafePointer<UInt8>
    let count: Int

    init(tokens: UnsafePointer<tg_json_token>, base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.tokens = unsafe tokens
        unsafe self.base = unsafe base
        self.count = count
    }

    @inline(__always)
    func kind(_ index: Int) -> JSONKind {
        unsafe JSONKind(rawValue: tokens[index].kind).unsafelyUnwrapped
    }

    /// The key of a member, as written: without its quotes, escapes in place.
    @inline(__always)
    func key(_ index: Int) -> ByteView {
        unsafe ByteView(base: base + Int(tokens[index].key), count: Int(tokens[index].key_length))
    }

    /// A value's bytes, a string's without its quotes and with escapes in place.
    @inline(__always)
    func bytes(_ index: Int) -> ByteView {
        unsafe ByteView(base: base + Int(tokens[index].start), count: Int(tokens[index].length))
    }

    /// Where a value begins in the document.
    @inline(__always)
    func offset(_ index: Int) -> Int { unsafe Int(tokens[index].start) }

    /// The first token that is not inside this one.
    @inline(__always)
    func end(_ index: Int) -> Int { unsafe Int(tokens[index].end) }

    /// The member of an object with a name that needs no escapes; nil when it has none.
    func member(_ object: Int, _ name: StaticString) -> Int? {
        guard kind(object) == .object else { return nil }
        var index = object + 1
        while index < end(object) {
            if key(index).equals(name) { return index }
            index = end(index)
        }
        return nil
    }

    /// The members or elements of a container, for the cold paths.
    func children(_ container: Int) -> [Int] {
        var indexes: [Int] = []
        var index = container + 1
        while index < end(container) {
            indexes.append(index)
            index = end(index)
        }
        return indexes
    }
}
