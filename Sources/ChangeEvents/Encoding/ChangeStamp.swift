public import Model

/// What an event says of its change besides the row.
public struct ChangeStamp: Sendable {
    /// What happened.
    public var operation: ChangeOperation
    /// The LSN of the last commit before the change; nil before the first one.
    public var lastCommit: LSN?
    /// The LSN of the change; nil for rows of an incremental snapshot.
    public var lsn: LSN?
    /// The transaction's number; nil where there is none.
    public var transaction: UInt32?
    /// When the source committed, in microseconds since 1970.
    public var commitMicroseconds: Int64
    /// When the event is made, in microseconds since 1970.
    public var sentMicroseconds: Int64
    /// Whether a snapshot produced it.
    public var snapshot: SnapshotMark
    /// The replication origin of the session that made the change, and where it says that the change stood in its own
    /// origin's log; nil for a session without one.
    public var origin: (name: String, lsn: LSN)?
    /// The change's place among all of its transaction and among those of its table, from 1; nil when the events
    /// carry no transaction metadata.
    public var order: (total: Int, table: Int)?

    /// A stamp from its parts.
    public init(
        operation: ChangeOperation, lastCommit: LSN?, lsn: LSN?, transaction: UInt32?, commitMicroseconds: Int64,
        sentMicroseconds: Int64, snapshot: SnapshotMark = .none,
        origin: (name: String, lsn: LSN)? = nil, order: (total: Int, table: Int)? = nil
    ) {
        self.operation = operation
        self.lastCommit = lastCommit
        self.lsn = lsn
        self.transaction = transaction
        self.commitMicroseconds = commitMicroseconds
        self.sentMicroseconds = sentMicroseconds
        self.snapshot = snapshot
        self.origin = origin
        self.order = order
    }
}
