public import Model

/// Something in a database that depends on an entity's table, or acts when its rows are written, and that the playbook
/// does not speak of.
public struct HiddenDependent: Hashable, Sendable, Encodable {
    /// What it is.
    public enum Kind: String, Hashable, Sendable, Encodable, CaseIterable {
        case view
        case materialisedView = "materialised-view"
        case rule
        case trigger
        case function
        case publication
        case sequence
        case policy
        case partition
        case childTable = "child-table"
        /// A table that no entity maps and whose rows point at the entity's.
        case referencingTable = "referencing-table"
    }

    public let side: Side
    public let kind: Kind
    /// Its name as SQL, with its schema where that is not on the search path.
    public let name: String
    /// What is known of it; empty if there is no more to say.
    public let detail: String

    init(side: Side, kind: Kind, name: String, detail: String) {
        self.side = side
        self.kind = kind
        self.name = name
        self.detail = detail
    }
}
