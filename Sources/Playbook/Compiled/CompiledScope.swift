public import Model

/// The rows of an entity that a wave takes, as SQL.
public struct CompiledScope: Sendable {
    public let wave: WaveName
    public let entity: EntityName
    /// Whether the wave takes every row.
    public let isAll: Bool
    /// The entity whose rows in the wave decide, for a scope by parent: on the target a row's place can be told only once
    /// its parent is there.
    public let parent: EntityName?
    /// A predicate over the source table under its own name (`FROM "public"."orders" AS "orders" WHERE ...`).
    public let sourcePredicate: String
    /// A predicate over the staged row under the source table's name (`FROM stage AS "orders" WHERE ...`), on the target.
    public let stagePredicate: String
    /// The source columns that the predicate looks at.
    public let dependencies: ColumnSet

    /// Whether it takes the rows whose parent it takes.
    public var isByParent: Bool { parent != nil }
}
