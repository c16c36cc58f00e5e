/// What all events of one capture have in common.
public struct EventOrigin: Sendable {
    /// The connector's logical name: the topics' prefix.
    public var name: String
    /// The source database.
    public var database: String
    /// The version that events name.
    public var version: String

    /// An origin from its parts.
    public init(name: String, database: String, version: String = "tidegate-1") {
        self.name = name
        self.database = database
        self.version = version
    }
}
