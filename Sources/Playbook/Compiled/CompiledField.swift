/// One target column that an entity writes.
public struct CompiledField: Sendable {
    /// What rules of ownership call it: the target column, in an inverted mapping that of the field that it turns round.
    public let name: String
    /// The target column.
    public let column: String
    /// Its type as PostgreSQL writes it, with modifiers: `numeric(10,2)`.
    public let targetType: String
    /// SQL over the staged source row (after corrections of known defects) that makes the value.
    public let sql: String
    /// The source columns that the value depends on, those that corrections look at among them.
    public let dependencies: ColumnSet
    /// Whether it is part of the key.
    public let isKey: Bool
    /// Whether it is an identity column that is always generated: inserted with OVERRIDING SYSTEM VALUE, never updated.
    public let isIdentityAlways: Bool
    /// The source column that it is a plain copy of, if it is.
    public let sourceColumn: Int?
    /// Whether the target column refuses NULL.
    public let isNotNull: Bool
    /// Whether an insert writes it once although the target owns it.
    public let isSeeded: Bool
    /// Whether the source's value follows from the target's, so that the target can own it.
    public let isInvertible: Bool
    /// How its values are compared.
    public let canonical: CanonicalForm

    /// Whether an update may set it.
    public var isUpdatable: Bool { !isKey && !isIdentityAlways }
}
