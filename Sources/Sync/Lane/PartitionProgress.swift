internal import Ledger
internal import Model

/// A partition as its lane sees it: what is in the ledger, and what the open batch adds to it.
struct PartitionProgress {
    /// What the ledger holds.
    var checkpoint: Checkpoint
    /// The offset after the last event taken; nil before the first event ever.
    var nextOffset: Int64?
    /// The highest position taken.
    var position: SourcePosition?
    /// Source commit time of the last event taken, in milliseconds.
    var sourceMillis: Int64?
    /// What became of the events of the open batch.
    var accounting = Accounting()
    /// The last record taken.
    private var lastRecord: RecordMark?
    /// The record that was consumed last, as long as it has not been seen again: by it the topic is known to be the same.
    var awaited: RecordMark?

    init(_ checkpoint: Checkpoint) {
        self.checkpoint = checkpoint
        nextOffset = checkpoint.nextOffset
        position = checkpoint.position
        lastRecord = checkpoint.lastRecord
    }

    /// Whether the open batch took anything from the partition.
    var hasMoved: Bool { nextOffset != checkpoint.nextOffset }

    /// Where the consumer has to begin.
    var start: Int64? { awaited?.offset ?? checkpoint.nextOffset }

    /// Whether an event stands strictly before what was taken already: a redelivery. Equal positions are not, since
    /// the rows of one COPY share theirs.
    func isReplay(_ position: SourcePosition?) -> Bool {
        guard let position, let last = self.position else { return false }
        return position < last
    }

    /// Counts an event as taken.
    mutating func take(_ record: RecordMark, position: SourcePosition? = nil, sourceMillis: Int64 = 0) {
        nextOffset = record.offset + 1
        lastRecord = record
        accounting.consumed += 1
        if let position, self.position.map({ $0 < position }) ?? true { self.position = position }
        if sourceMillis > 0 { self.sourceMillis = sourceMillis }
    }

    /// There is nothing to take before this offset: what lies between are marks of transactions, records of aborted ones, or
    /// ones that compaction has removed.
    mutating func pass(to offset: Int64) {
        // Also of an empty partition: from now on it is known that nothing of it was consumed, whatever it drops.
        if offset > nextOffset ?? -1 { nextOffset = offset }
    }

    /// The step of the checkpoint that the open batch is.
    func advance(_ accounting: Accounting) -> CheckpointAdvance? {
        guard hasMoved, let nextOffset else { return nil }
        return CheckpointAdvance(
            from: checkpoint, nextOffset: nextOffset, position: position, accounting: accounting,
            sourceMillis: sourceMillis, lastRecord: lastRecord)
    }

    /// The open batch is committed.
    mutating func committed() {
        guard let step = advance(accounting) else { return }
        checkpoint = step.result
        accounting = Accounting()
    }
}
