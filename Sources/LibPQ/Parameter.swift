/// A value for a placeholder (`$1`) of a statement.
public enum Parameter: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// SQL NULL.
    case null
    /// A value in its type's text form.
    case text(String)
    /// A value in its type's binary form; for `bytea` the bytes themselves, zero bytes and all.
    case binary([UInt8])

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .text(String(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }

    /// A whole number.
    public static func int(_ value: some BinaryInteger) -> Parameter { .text(String(value)) }
    /// A truth value.
    public static func bool(_ value: Bool) -> Parameter { .text(value ? "t" : "f") }
    /// A text, or NULL for nil.
    public static func optional(_ value: String?) -> Parameter { value.map { .text($0) } ?? .null }

    /// A one-dimensional array of a type whose text form needs no more than quoting: text, numbers, dates, uuid.
    public static func array(_ elements: [String?]) -> Parameter {
        var text = "{"
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            guard let element else {
                text += "NULL"
                continue
            }
            text += "\""
            for character in element.unicodeScalars {
                if character == "\"" || character == "\\" { text += "\\" }
                text.unicodeScalars.append(character)
            }
            text += "\""
        }
        return .text(text + "}")
    }
}
