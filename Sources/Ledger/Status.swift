/// What `tidegate status` shows: the ledger at one moment.
public struct Status: Hashable, Sendable, Encodable {
    public let partitions: [PartitionStatus]
    public let scopes: [ScopeStatus]
    public let quarantine: [QuarantineStatus]
    public let stalls: [StallStatus]
    /// Only where there is or was a dead-letter topic.
    public let deadLetters: [DeadLetterStatus]
    public let defects: [DefectStatus]
    public let throttles: [ThrottleStatus]
    /// How the source differs from the contracts in force.
    public let drifts: [Contracts.Drift]

    /// What of the quarantine the dead-letter topic has.
    public struct DeadLetterStatus: Hashable, Sendable, Encodable {
        public let flow: String
        public let published: Int
        /// Events that it does not have because of an error.
        public let failed: Int
        /// The last such error.
        public let error: String?
    }

    /// One partition of a flow, with the sum that always holds:
    /// consumed = applied + superseded + skipped + quarantined.
    public struct PartitionStatus: Hashable, Sendable, Encodable {
        public let flow: String
        public let topic: String
        public let partition: Int
        public let nextOffset: Int?
        public let owner: String?
        public let consumed: Int
        public let applied: Int
        public let superseded: Int
        public let skipped: Int
        public let quarantined: Int
        /// Skipped events by reason.
        public let skippedBy: [String: Int]
        /// Seconds since the source committed the last event applied; not a lag while the source is idle.
        public let sourceAge: Double?
    }

    /// One wave's rows of an entity.
    public struct ScopeStatus: Hashable, Sendable, Encodable {
        public let wave: String
        public let entity: String
        public let state: String
        public let origin: String
        public let handover: String
        public let chunks: Int
        public let chunksMerged: Int
        public let chunksRunning: Int
        public let rows: Int
        public let rowsEstimated: Int
        public let bytes: Int
        public let isSealed: Bool
        public let touched: Int
        public let reread: Int
    }

    /// Events set aside.
    public struct QuarantineStatus: Hashable, Sendable, Encodable {
        public let flow: String
        public let entity: String?
        public let reason: String
        public let state: String
        public let events: Int
        /// How long the oldest of them has been there.
        public let secondsSinceOldest: Double
    }

    /// What keeps a partition from going on.
    public struct StallStatus: Hashable, Sendable, Encodable {
        public let flow: String
        public let topic: String
        public let partition: Int
        /// `retrying`, or `stopped` while others go on.
        public let state: String
        public let reason: String
        public let nextOffset: Int?
        public let position: String?
        public let attempts: Int
        public let secondsSince: Double
        public let secondsToNextAttempt: Double?
    }

    /// Rows in which a known defect was found.
    public struct DefectStatus: Hashable, Sendable, Encodable {
        public let entity: String
        public let defect: String
        /// `set` or `quarantine`.
        public let action: String
        /// nil for events of rows in no started scope.
        public let wave: String?
        public let baselineRows: Int
        public let streamEvents: Int
    }

    /// A load that is running, and what holds it back.
    public struct ThrottleStatus: Hashable, Sendable, Encodable {
        /// Host and process.
        public let worker: String
        public let wave: String
        /// The share of full speed that is allowed, 0 to 1; nil while nothing is decided.
        public let share: Double?
        /// What limits it; nil: nothing.
        public let factor: String?
        /// The same in words, with reading and limit.
        public let reason: String?
        public let secondsSince: Double
    }

    /// The same with what the other flow's ledger holds.
    public func merged(with other: Status) -> Status {
        Status(
            partitions: partitions + other.partitions, scopes: scopes + other.scopes,
            quarantine: quarantine + other.quarantine, stalls: stalls + other.stalls,
            deadLetters: deadLetters + other.deadLetters, defects: defects + other.defects,
            throttles: throttles + other.throttles, drifts: drifts + other.drifts)
    }

    /// All partitions of a flow together.
    public func totals(flow: String) -> PartitionStatus {
        let mine = partitions.filter { $0.flow == flow }
        return PartitionStatus(
            flow: flow, topic: "", partition: -1, nextOffset: nil, owner: nil,
            consumed: mine.reduce(0) { $0 + $1.consumed }, applied: mine.reduce(0) { $0 + $1.applied },
            superseded: mine.reduce(0) { $0 + $1.superseded }, skipped: mine.reduce(0) { $0 + $1.skipped },
            quarantined: mine.reduce(0) { $0 + $1.quarantined },
            skippedBy: mine.reduce(into: [:]) { $0.merge($1.skippedBy, uniquingKeysWith: +) },
            sourceAge: mine.compactMap(\.sourceAge).max())
    }
}
