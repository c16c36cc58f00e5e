/// A column of the source as its catalog describes it.
public struct SourceColumn: Sendable, Hashable {
    /// The name as the connector sends it: usually the catalog's.
    public var name: String
    /// The type, from which the encoding follows where the event brings no schema.
    public var type: SourceType
    /// Whether it is part of the key that events carry.
    public var isKey: Bool

    /// A column from its parts.
    public init(name: String, type: SourceType, isKey: Bool = false) {
        self.name = name
        self.type = type
        self.isKey = isKey
    }
}
