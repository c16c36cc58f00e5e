public import Model

/// An ownership rule of the playbook, as SQL.
public struct CompiledOwnershipRule: Hashable, Sendable {
    /// The target columns; nil for all of the entity, and so for its rows.
    public let fields: Set<String>?
    /// The rows; nil for all.
    public let rows: OwnershipCondition?
    public let owner: Side
    /// The wave from whose transfer on it holds.
    public let fromWave: WaveName?

    /// Whether it says something about a field in an epoch.
    func isInForce(on field: String, in epoch: OwnershipEpoch) -> Bool {
        (fromWave.map(epoch.waves.contains) ?? true) && (fields?.contains(field) ?? true)
    }
}

/// Which rows a rule is about, told from either side's row.
public struct OwnershipCondition: Hashable, Sendable {
    /// A predicate over the source's row, in the stage or in its table, under the source table's name.
    public let source: String
    /// The same over the target's row, under the name `_target`.
    public let target: String
    /// The source columns that it looks at.
    public let dependencies: ColumnSet
}
