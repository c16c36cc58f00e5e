public import Model

/// What an event turned out to be.
public enum DecodeOutcome: Sendable, Equatable {
    /// A row, at this index of the batch.
    case row(Int)
    /// The table was emptied.
    case truncate(RowHeader)
    /// A null value, for log compaction; its key is not decoded.
    case tombstone
    /// A connector's heartbeat, sent at this time in milliseconds.
    case heartbeat(sentMillis: Int64)
    /// Begin or end of a source transaction.
    case transactionMarker(TransactionMarker)
    /// A report of DDL.
    case schemaChange
    /// A connector's notification about a snapshot.
    case notification
    /// A logical message.
    case message(RowHeader)
    /// A change of a table that is not this decoder's.
    case otherTable(TableName)
}

/// Begin or end of a source transaction, as the connector's transaction topic tells it.
public struct TransactionMarker: Sendable, Equatable {
    /// Whether the transaction ends here.
    public var isEnd: Bool
    /// The transaction's name; on PostgreSQL its number, without the position that the connector appends.
    public var transaction: String
    /// How many events it had; nil at its begin.
    public var eventCount: Int?

    /// A marker from its parts.
    public init(isEnd: Bool, transaction: String, eventCount: Int? = nil) {
        self.isEnd = isEnd
        self.transaction = transaction
        self.eventCount = eventCount
    }
}
