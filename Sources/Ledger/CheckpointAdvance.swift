public import Model

/// One step of a checkpoint: from what is believed, to what the transaction brings.
public struct CheckpointAdvance: Sendable {
    /// What the ledger must hold for the step to be taken.
    public let from: Checkpoint
    /// The next event to consume after it.
    public let nextOffset: Int64
    /// The highest source position applied after it; nil leaves what is there.
    public let position: SourcePosition?
    /// The last record consumed after it.
    public let lastRecord: RecordMark?
    /// What became of the events in between.
    public let accounting: Accounting
    /// Source commit time of the last event, in milliseconds since 1970; nil leaves what is there.
    public let sourceMillis: Int64?

    /// A step from `from`.
    public init(
        from: Checkpoint, nextOffset: Int64, position: SourcePosition?, accounting: Accounting, sourceMillis: Int64?,
        lastRecord: RecordMark? = nil
    ) {
        self.from = from
        self.nextOffset = nextOffset
        self.position = position
        self.accounting = accounting
        self.lastRecord = lastRecord
        self.sourceMillis = sourceMillis
    }

    /// The belief to go on from when the transaction has committed.
    public var result: Checkpoint {
        var next = from
        next.nextOffset = nextOffset
        next.position = position ?? from.position
        next.lastRecord = lastRecord
        return next
    }
}
