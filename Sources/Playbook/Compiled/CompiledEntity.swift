public import ChangeEvents
public import Model

/// One entity, checked against both databases, as SQL.
public struct CompiledEntity: Sendable {
    public let name: EntityName
    /// The direction in which its rows go. `source` is the side that they come from, whichever that is.
    public let flow: Flow
    /// Its place in the playbook file, from 0.
    public let ordinal: Int
    public let source: TableName
    public let target: TableName
    /// The source table's columns as they stand in events and in the stage, in the source's order.
    public let sourceColumns: [SourceColumn]
    /// The columns of `sourceColumns` that make the key, in the key's order. All of them are in every event, deletes too.
    public let sourceKey: [Int]
    /// What is written.
    public let fields: [CompiledField]
    /// Entities whose rows this one's rows point at, look up or follow into a wave, itself left out, sorted.
    public let parents: [EntityName]
    /// Those of `parents` whose rows the fields look up: what a row becomes depends on whether they are there.
    public let lookups: [EntityName]
    /// Whether rows point at rows of the same entity.
    public let isSelfReferencing: Bool
    /// Place in the order of application: smaller first for writes, larger first for deletes. Equal within a cycle.
    public let rank: Int
    /// Whether key ranges mean the same on both sides.
    public let keyOrder: EntityDefinition.KeyOrder
    /// Whether every field is a plain copy of a source column whose text means the same in the target, and there is no
    /// defect: rows can be copied unchanged.
    public let isPlainCopy: Bool
    /// The rows that each wave takes, in file order; waves that do not name the entity have none.
    public let scopes: [CompiledScope]
    /// Known defects that set a row aside.
    public let quarantines: [CompiledQuarantine]
    /// Whether the playbook speaks of ownership: the target may own values of the entity's rows, now or later.
    public let mayBeShared: Bool
    /// Who owns what no rule names; in the reverse flow, as in its rules, with the sides' words swapped.
    public let defaultOwner: Side
    /// The ownership rules about it, in file order.
    public let ownershipRules: [CompiledOwnershipRule]
    /// What becomes of the source's delete of a row that the target owns.
    public let deletes: OwnershipSection.Deletes
    /// What the mapping relies on of the source's table.
    public let contract: SourceContract
    /// The table that it was compiled against; nil for a source without a connection.
    public let sourceCatalog: CatalogTable?
    /// What is done when the source no longer keeps to the contract; nil: by what has changed.
    public let drift: DriftPolicy?
    /// Its SQL.
    public let statements: EntityStatements

    /// The scope in a wave.
    public func scope(in wave: WaveName) -> CompiledScope? { scopes.first { $0.wave == wave } }

    /// All columns of an event's row.
    public var allColumns: ColumnSet { ColumnSet(all: sourceColumns.count) }

    /// The key's columns.
    public var keyColumns: ColumnSet { ColumnSet(sourceKey) }
}

/// A known defect that sets a row aside, as SQL.
public struct CompiledQuarantine: Sendable {
    /// The defect's name: the reason that is given.
    public let defect: String
    /// A predicate over the staged row under the source table's name.
    public let predicate: String
    /// The source columns that it looks at.
    public let dependencies: ColumnSet
}
