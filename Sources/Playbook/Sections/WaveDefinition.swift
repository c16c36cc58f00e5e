public import Model

/// One wave as the playbook has it: entities, each with the rows that it takes.
public struct WaveDefinition: Sendable {
    public var name: Located<WaveName>
    public var scopes: [ScopeDefinition]

    /// The scope of an entity in this wave.
    public func scope(of entity: EntityName) -> ScopeDefinition? { scopes.first { $0.entity.value == entity } }
}

/// Which rows of an entity a wave takes.
public struct ScopeDefinition: Sendable {
    /// The rows.
    public enum Rows: Sendable {
        case all
        /// Those for which SQL over the source row holds.
        case predicate(SQLExpression)
        /// Those whose parent, reached over the source columns, is in the wave.
        case via(parent: Located<EntityName>, columns: [String])
    }

    public var entity: Located<EntityName>
    public var rows: Rows
    /// Where the scope's text stands.
    public var location: FileLocation
}
