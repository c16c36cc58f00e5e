public import Model

/// The playbook's `reverse`: how the target's changes come back to the source.
public struct ReverseSection: Sendable {
    /// The names of the topics, with `{schema}` and `{table}` for the target table's; nil for the playbook's name,
    /// `.reverse` and both.
    public var topics: Located<String>?
    /// How the connector that reads the target is configured, by its own property names.
    public var connector: [String: Located<String>]
    /// What the apply sessions do about the source's foreign keys.
    public var references: TargetSection.References
    /// Entities that flow back although no rule gives the target anything of them yet: they may be transferred later.
    public var entities: [Located<EntityName>]
    /// Where the section stands.
    public var location: FileLocation

    /// The connector's properties without their places.
    public var connectorProperties: [String: String] { connector.mapValues(\.value) }
}
