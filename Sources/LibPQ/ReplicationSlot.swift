/// A logical replication slot as its creation reported it.
public struct ReplicationSlot: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// The LSN from which the slot's stream is complete.
    public let consistentPoint: UInt64
    /// The name of the exported snapshot, when one was asked for; valid until this connection's next command.
    public let snapshot: String?
}
