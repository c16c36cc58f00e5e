public import Model

/// What a verification has found of a key range.
public struct Certificate: Hashable, Sendable {
    /// Rows and digest of a range on one side.
    public struct Digest: Hashable, Sendable, CustomStringConvertible {
        public var rows: Int
        /// Two sums over a hash of each row, in decimal.
        public var sums: [String]

        /// A digest; of no rows if nothing is said.
        public init(rows: Int = 0, sums: [String] = ["0", "0"]) {
            self.rows = rows
            self.sums = sums
        }

        public var description: String { sums.joined(separator: ":") }
    }

    /// What came of it.
    public enum State: String, Sendable, CaseIterable {
        /// Every row is the same on both sides, but for parked keys.
        case equal
        /// A difference was proven.
        case drift
        /// Neither was proven.
        case unproven
    }

    public var state = State.equal
    /// The waves that had started.
    public var waves: [WaveName]
    /// How rows were hashed.
    public var form: String
    public var source = Digest()
    public var target = Digest()
    /// What of the source the digest saw, and the end of its log just after.
    public var snapshot: TransactionSnapshot?
    public var position: LSN?
    /// Differences that the playbook allows, by field.
    public var tolerances: [String: String]
    /// Rows compared one by one.
    public var suspects = 0
    public var parked = 0
    public var repaired = 0
    /// Rows that differ, and rows of which nothing was proven.
    public var rows: [DriftedRow] = []
    /// Why it is unproven.
    public var reason: String?

    /// What is found of rows of some waves.
    public init(waves: [WaveName], form: String, tolerances: [String: String]) {
        self.waves = waves
        self.form = form
        self.tolerances = tolerances
    }

    public var drifted: Int { rows.count { $0.kind != .unproven } }
    public var unproven: Int { rows.count { $0.kind == .unproven } }
}
