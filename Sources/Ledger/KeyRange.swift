import Model

/// Keys from `low` up to, not including, `high`; one text per key column, nil for open ends.
public struct KeyRange: Hashable, Sendable {
    public let low: [String]?
    public let high: [String]?

    /// The keys from `low` up to, not including, `high`.
    public init(low: [String]?, high: [String]?) {
        self.low = low
        self.high = high
    }

    /// Every key.
    public static let all = KeyRange(low: nil, high: nil)

    /// SQL that is true when key columns are in the range. The bounds are literals without a type and take the columns'.
    public func holds(_ columns: [String]) -> String {
        var parts: [String] = []
        if let low { parts.append("(\(Self.list(columns))) >= (\(Self.list(low.map(quotedLiteral))))") }
        if let high { parts.append("(\(Self.list(columns))) < (\(Self.list(high.map(quotedLiteral))))") }
        return parts.isEmpty ? "true" : parts.joined(separator: " AND ")
    }

    /// SQL that is true when key columns are one of some keys.
    public static func isAmong(_ columns: [String], _ keys: some Collection<[String]>) -> String {
        guard !keys.isEmpty else { return "false" }
        let tuples = keys.map { "(\(list($0.map(quotedLiteral))))" }
        return "(\(list(columns))) IN (\(list(tuples)))"
    }

    private static func list(_ values: [String]) -> String { values.joined(separator: ", ") }
}
