public import Model

/// One thing's need of another.
public struct DependencyEdge: Hashable, Sendable, Encodable {
    /// Why the one needs the other.
    public enum Kind: String, Hashable, Sendable, Encodable, CaseIterable {
        case foreignKey = "foreign-key"
        /// An expression of a field reads rows of the other's target table.
        case lookup
        /// A wave takes rows by their parent.
        case via
        /// A column that looks like a reference, by its name and its type.
        case likelyReference = "likely-reference"

        /// Whether rows are known to be wrong or refused when what they need is not there.
        public var isCertain: Bool { self != .likelyReference }
    }

    /// What needs the other: the child.
    public let dependent: DependencyNode
    /// What is needed: the parent.
    public let parent: DependencyNode
    public let kind: Kind
    /// Where it is to be seen, source first.
    public var sides: [Side]
    /// The child's columns (of the source, where it has them) and those of the parent that they point at.
    public let columns: [String]
    public let parentColumns: [String]
    /// The constraint's name, the share of matching values, what else speaks for it.
    public let evidence: String

    init(
        _ dependent: DependencyNode, on parent: DependencyNode, _ kind: Kind, sides: [Side], columns: [String] = [],
        parentColumns: [String] = [], evidence: String
    ) {
        self.dependent = dependent
        self.parent = parent
        self.kind = kind
        self.sides = sides
        self.columns = columns
        self.parentColumns = parentColumns
        self.evidence = evidence
    }
}
