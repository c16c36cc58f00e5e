/// A position in a PostgreSQL write-ahead log, in bytes since its beginning.
public struct LSN: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Reads PostgreSQL's form, two hexadecimal halves with a slash between (`16/B374D848`).
    ///
    /// - Returns: nil when the text is not of that form.
    public init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let high = UInt32(halves[0], radix: 16), let low = UInt32(halves[1], radix: 16) else {
            return nil
        }
        rawValue = UInt64(high) << 32 | UInt64(low)
    }

    public var description: String {
        let high = String(rawValue >> 32, radix: 16, uppercase: true)
        let low = String(rawValue & 0xFFFF_FFFF, radix: 16, uppercase: true)
        return "\(high)/\(low)"
    }

    public static func < (left: LSN, right: LSN) -> Bool { left.rawValue < right.rawValue }
}
