/// How far the two sides of a field may differ and still count as equal.
public enum FieldTolerance: Hashable, Sendable, CustomStringConvertible {
    /// Numbers may differ by so much, given as PostgreSQL reads a number.
    case difference(String)
    /// White space around a text does not count.
    case trim
    /// Capital and small letters of a text are the same.
    case caseless

    /// Reads `0.01`, `trim` or `case`.
    ///
    /// - Returns: nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "trim": self = .trim
        case "case": self = .caseless
        default:
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            let isNumber = parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }
            guard (1...2).contains(parts.count), isNumber, text.contains(where: { ("1"..."9").contains($0) }) else {
                return nil
            }
            self = .difference(text)
        }
    }

    public var description: String {
        switch self {
        case .difference(let size): size
        case .trim: "trim"
        case .caseless: "case"
        }
    }
}
