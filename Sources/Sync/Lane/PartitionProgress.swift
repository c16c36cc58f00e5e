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

    init(_ checkpoint: Checkpoint) {
        self.checkpoint = checkpoint
        nextOffset = checkpoint.nextOffset
        position = checkpoint.position
    }

    /// Whether the open batch took anything from the partition.
    var hasMoved: Bool { accounting.consumed > 0 }

    /// Whether an event stands strictly before what was taken already: a redelivery. Equal positions are not, since
    /// the rows of one COPY share theirs.
    func isReplay(_ position: SourcePosition?) -> Bool {
        guard let position, let last = self.position else { return false }
        return position < last
    }

    /// Counts an event as taken.
    mutating func take(offset: Int64, position: SourcePosition? = nil, sourceMillis: Int64 = 0) {
        nextOffset = offset + 1
        accounting.consumed += 1
        if let position, self.position.map({ $0 < position }) ?? true { self.position = position }
        if sourceMillis > 0 { self.sourceMillis = sourceMillis }
    }

    /// The step of the checkpoint that the open batch is.
    func advance(_ accounting: Accounting) -> CheckpointAdvance? {
        guard hasMoved, let nextOffset else { return nil }
        return CheckpointAdvance(
            from: checkpoint, nextOffset: nextOffset, position: position, accounting: accounting,
            sourceMillis: sourceMillis)
    }

    /// The open batch is committed.
    mutating func committed() {
        guard let step = advance(accounting) else { return }
        checkpoint = step.result
        accounting = Accounting()
    }
}
