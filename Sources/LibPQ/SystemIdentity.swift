/// What a server says of itself on a replication connection.
public struct SystemIdentity: Hashable, Sendable {
    /// The cluster's unique number.
    public let systemIdentifier: String
    /// The timeline it is on.
    public let timeline: Int
    /// How far its log has been flushed.
    public let flushed: UInt64
    /// The database connected to.
    public let database: String?
}
