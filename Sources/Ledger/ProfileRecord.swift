public import Model

/// A profile as the ledger keeps it, to compare later loads with.
public struct ProfileRecord: Hashable, Sendable {
    /// What was counted of a column or field.
    public struct Value: Hashable, Sendable {
        /// Whose value it is.
        public enum Origin: String, Hashable, Sendable {
            /// A column of the source.
            case column
            /// A column of the target, as the mapping made it of a sample.
            case field
        }

        public let origin: Origin
        public let name: String
        /// `number`, `time`, `text`, `label` or `other`.
        public let kind: String
        public let rows: Int
        public let nulls: Int
        /// Among the rows that were looked at.
        public let distinct: Int
        public let distinctInTable: Int?
        /// Least value, nine deciles, greatest value, rounded; times in seconds since 1970. Empty for other kinds.
        public let deciles: [Double]
        /// The same of lengths.
        public let lengths: [Double]

        /// A value's counts.
        public init(
            origin: Origin, name: String, kind: String, rows: Int, nulls: Int, distinct: Int, distinctInTable: Int?,
            deciles: [Double], lengths: [Double]
        ) {
            self.origin = origin
            self.name = name
            self.kind = kind
            self.rows = rows
            self.nulls = nulls
            self.distinct = distinct
            self.distinctInTable = distinctInTable
            self.deciles = deciles
            self.lengths = lengths
        }
    }

    /// The wave whose rows were looked at; nil for all of the entity's.
    public let wave: WaveName?
    public let rowsEstimated: Int
    public let rowsLooked: Int
    public let isSample: Bool
    public let values: [Value]

    /// A profile.
    public init(wave: WaveName?, rowsEstimated: Int, rowsLooked: Int, isSample: Bool, values: [Value]) {
        self.wave = wave
        self.rowsEstimated = rowsEstimated
        self.rowsLooked = rowsLooked
        self.isSample = isSample
        self.values = values
    }
}
