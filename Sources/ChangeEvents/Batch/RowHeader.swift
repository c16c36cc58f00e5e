public import Model

/// One half of a key change, which arrives as a delete of the old key and a create of the new one.
public enum KeyChange: UInt8, Sendable {
    /// An event of its own.
    case none
    /// This delete's row goes on under the key in the batch's other-key spans (`__debezium.newkey`).
    case movedTo
    /// This create's row was known under the key in the batch's other-key spans (`__debezium.oldkey`).
    case movedFrom
}

/// Whether and how a snapshot produced an event.
public enum SnapshotMark: UInt8, Sendable {
    /// A change of the stream.
    case none
    /// A row of an initial or blocking snapshot.
    case initial
    /// A row of an incremental snapshot.
    case incremental
}

/// What an event says besides the column values.
public struct RowHeader: Sendable, Equatable {
    /// What happened.
    public var operation: ChangeOperation
    /// Where the change stands in its source's log; nil for snapshot rows.
    public var position: SourcePosition?
    /// The low 32 bits of PostgreSQL's transaction number; nil where the source has none.
    public var transaction: UInt32?
    /// The source's commit time in milliseconds since 1970; 0 when the event has none. Never order by it.
    public var sourceMillis: Int64
    /// Whether a snapshot produced it.
    public var snapshot: SnapshotMark
    /// Whether a session of this program made the change, as its replication origin tells: an echo.
    public var isApplied: Bool
    /// Whether it is half of a key change; the other key is in the batch's other-key spans.
    public var keyChange: KeyChange
    /// Whoever decodes chooses the number: usually the index of the topic partition among those of the lane.
    public var partitionIndex: Int32
    /// The event's offset in its partition.
    public var offset: Int64

    /// A header from its parts.
    public init(
        operation: ChangeOperation, position: SourcePosition? = nil, transaction: UInt32? = nil,
        sourceMillis: Int64 = 0, snapshot: SnapshotMark = .none, isApplied: Bool = false,
        keyChange: KeyChange = .none,
        partitionIndex: Int32 = 0, offset: Int64 = 0
    ) {
        self.operation = operation
        self.position = position
        self.transaction = transaction
        self.sourceMillis = sourceMillis
        self.snapshot = snapshot
        self.isApplied = isApplied
        self.keyChange = keyChange
        self.partitionIndex = partitionIndex
        self.offset = offset
    }

    /// Whether a snapshot produced the event.
    public var isSnapshot: Bool { snapshot != .none }
}
