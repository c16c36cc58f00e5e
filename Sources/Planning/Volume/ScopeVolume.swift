/// How many rows a scope takes, and how large they are.
public struct ScopeVolume: Hashable, Sendable, Encodable {
    /// Where the numbers come from.
    public enum Basis: String, Hashable, Sendable, Encodable {
        /// The table's statistics: a scope that takes all.
        case statistics
        /// The rows were counted.
        case counted
        /// The condition was put to a sample.
        case sampled
        /// The source's planner guessed: the condition could not be put to rows in time.
        case planner
    }

    public let rows: Int
    /// Of the table with its large values, without indexes; nil when nobody knows.
    public let bytes: Int?
    public let basis: Basis
    /// How many rows were looked at, for `sampled`.
    public let looked: Int?

    init(rows: Int, bytes: Int?, basis: Basis, looked: Int? = nil) {
        self.rows = rows
        self.bytes = bytes
        self.basis = basis
        self.looked = looked
    }
}
