public import Model

/// The playbook's `ownership`: which side may write what.
public struct OwnershipSection: Sendable {
    /// What becomes of the source's delete of a row that the target owns, wholly or in part.
    public enum Deletes: String, Sendable, CaseIterable {
        /// The delete is quarantined, and its key with it, until a person decides.
        case refuse
        /// The row stays in the target, which goes on with it alone.
        case detach
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
    /// The policy for deletes of rows that the other side owns.
    public var deletes: Deletes
    public var rules: [OwnershipRule]
    public var location: FileLocation
}
