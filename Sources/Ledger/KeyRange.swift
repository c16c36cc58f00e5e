/// Keys from `low` up to, not including, `high`; one text per key column, nil for open ends.
public struct KeyRange: Hashable, Sendable {
    public let low: [String]?
    public let high: [String]?

    /// The keys from `low` up to, not including, `high`.
    public init(low: [String]?, high: [String]?) {
        self.low = low
        self.high = high
    }
}
