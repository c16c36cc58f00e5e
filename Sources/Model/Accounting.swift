/// Why a consumed event was not applied although nothing is wrong with it.
public enum SkipReason: String, Sendable, CaseIterable {
    /// Its position is strictly below the last one applied from its partition: a redelivery.
    case replay
    /// Its row is in no scope that has started.
    case pending
    /// The snapshot of the chunk that brought its row had already seen its transaction.
    case inBaseline = "in-baseline"
    /// The null value that follows a delete, for log compaction.
    case tombstone
    /// A null value without a delete before it, of a key that the source still has, or that it cannot be asked about.
    case loneTombstone = "lone-tombstone"
    /// A connector's heartbeat.
    case heartbeat
    /// Begin or end of a source transaction.
    case transactionMarker = "transaction-marker"
    /// A connector's report of DDL.
    case schemaChange = "schema-change"
    /// A logical message of the source's.
    case logicalMessage = "logical-message"
    /// A snapshot watermark or signal row.
    case signal
    /// The table is in no entity of the playbook.
    case unmapped
    /// It left out values that did not change, and the source no longer has the row: a later event removes it.
    case gone
    /// Its table was truncated later in the source's log, as another partition has shown already.
    case truncated
    /// Nothing of its row is the source's to write.
    case notOwned = "not-owned"
    /// A delete of a row that the target owns, and that goes on there alone.
    case detached
    /// The opposite flow, or a load, made the change.
    case echo
    /// A snapshot row of a flow whose baseline is loaded from the source directly.
    case snapshotRow = "snapshot-row"
}

/// What became of the events of one partition.
///
/// Invariant, checked by the ledger on every checkpoint: `consumed == applied + superseded + skipped + quarantined`.
public struct Accounting: Hashable, Sendable {
    /// Events taken from the partition.
    public var consumed = 0
    /// Events whose effect was written.
    public var applied = 0
    /// Events that a later event of the same key in the same batch made obsolete.
    public var superseded = 0
    /// Events set aside with their bytes and a reason.
    public var quarantined = 0
    /// Events skipped, by reason.
    public var skipped: [SkipReason: Int] = [:]

    /// Nothing counted yet.
    public init() {}

    /// All events skipped, whatever the reason.
    public var skippedTotal: Int { skipped.values.reduce(0, +) }

    /// Whether every consumed event is accounted for.
    public var isBalanced: Bool { consumed == applied + superseded + skippedTotal + quarantined }

    /// Counts `events` more as skipped for `reason`; `consumed` is counted where they are taken.
    public mutating func skip(_ reason: SkipReason, events: Int = 1) { skipped[reason, default: 0] += events }

    /// Adds the counts of `other`.
    public mutating func add(_ other: Accounting) {
        consumed += other.consumed
        applied += other.applied
        superseded += other.superseded
        quarantined += other.quarantined
        skipped.merge(other.skipped, uniquingKeysWith: +)
    }
}
