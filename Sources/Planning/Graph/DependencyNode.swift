public import Model

/// What depends on something, or is depended on.
public enum DependencyNode: Hashable, Sendable, Comparable, Encodable, CustomStringConvertible {
    case entity(EntityName)
    /// A table that no entity maps.
    case table(Side, TableName)

    /// The entity, if it is one.
    public var entity: EntityName? { if case .entity(let name) = self { name } else { nil } }

    /// The entity's name, or `source table shop.invoices`.
    public var description: String {
        switch self {
        case .entity(let name): name.rawValue
        case .table(let side, let table): "\(side.rawValue) table \(table)"
        }
    }

    public static func < (left: DependencyNode, right: DependencyNode) -> Bool {
        switch (left, right) {
        case (.entity(let left), .entity(let right)): left < right
        case (.entity, .table): true
        case (.table, .entity): false
        case (.table(let side, let left), .table(let other, let right)):
            (side.rawValue, left) < (other.rawValue, right)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
