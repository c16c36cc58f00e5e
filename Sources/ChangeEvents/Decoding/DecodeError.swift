/// An event that cannot be decoded. It names places and types, never a value.
public struct DecodeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// Not JSON.
        case malformed
        /// Ends before it is complete.
        case truncated
        /// A value of another JSON type than its column or field has.
        case unexpectedType = "unexpected-type"
        /// Something that every event has is missing.
        case missing
        /// A text that is not of the encoding's form: base64, a date, a number.
        case badEncoding = "bad-encoding"
        /// A value that PostgreSQL cannot hold.
        case unsupported
    }

    /// Which part of the message.
    public enum Part: String, Sendable {
        case key, value, header
    }

    /// What is wrong.
    public let code: Code
    /// Which part of the message.
    public let part: Part
    /// Where in that part, in bytes from its beginning.
    public let offset: Int
    /// Which field, with dots between the levels (`after.price`); empty where there is none.
    public let path: String
    /// What should have been there.
    public let expected: String
    /// The kind of thing that was there instead.
    public let found: String

    /// An error from its parts.
    public init(code: Code, part: Part, offset: Int, path: String, expected: String, found: String) {
        self.code = code
        self.part = part
        self.offset = offset
        self.path = path
        self.expected = expected
        self.found = found
    }

    public var description: String {
        let place = path.isEmpty ? "" : " (\(path))"
        return "\(code.rawValue) \(part.rawValue) at byte \(offset)\(place): expected \(expected), found \(found)"
    }
}
