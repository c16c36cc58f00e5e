public import Model

/// The playbook's `ownership`. It is read and checked; nothing enforces it yet.
public struct OwnershipSection: Sendable {
    /// The side that may write.
    public enum Side: String, Sendable, CaseIterable {
        case source
        case target
    }

    /// One rule; of several that match, the last decides.
    public struct OwnershipRule: Sendable {
        public var entity: Located<EntityName>
        /// The target columns; empty for all.
        public var fields: [Located<String>]
        /// The rows, by SQL over the source row; nil for all.
        public var rows: SQLExpression?
        public var owner: Side
        /// The wave from whose cutover on it holds.
        public var fromWave: Located<WaveName>?
        public var location: FileLocation
    }

    /// Who owns what no rule names.
    public var defaultOwner: Side
    public var rules: [OwnershipRule]
    public var location: FileLocation
}
