public import Model

/// What a lane says of itself, for people and for lag tools.
public struct LaneReport: Sendable {
    /// What keeps a lane from going on.
    public struct Stall: Sendable {
        /// Why, with code and place.
        public let reason: String
        /// How often it was tried.
        public let attempts: Int
    }

    /// The next offset of each partition, as committed in the target.
    public internal(set) var committed: [TopicPartition: Int64] = [:]
    /// Partitions that somebody else has claimed since.
    public internal(set) var fenced: Set<TopicPartition> = []
    /// Partitions whose reading has ended although they hold what comes next: they have to be taken anew.
    public internal(set) var halted: Set<TopicPartition> = []
    /// Partitions that cannot go on, and why.
    public internal(set) var stopped: [TopicPartition: String] = [:]
    /// What keeps it from going on; nil when nothing does.
    public internal(set) var stall: Stall?
    /// Why it has given up: the process ends.
    public internal(set) var failure: (any Error)?
    /// Where its time went.
    public internal(set) var timings = LaneTimings()
    /// What became of the events since it started.
    public internal(set) var accounting = Accounting()
    /// Whether it has ended.
    public internal(set) var hasEnded = false
}

/// Where a lane's time went, in seconds since it started.
public struct LaneTimings: Sendable {
    /// Waiting for messages.
    public internal(set) var waiting = 0.0
    /// Taking, decoding and reducing.
    public internal(set) var decoding = 0.0
    /// Staging and writing in the target.
    public internal(set) var applying = 0.0
    /// Checkpoint and commit.
    public internal(set) var committing = 0.0
    /// Batches committed.
    public internal(set) var batches = 0

    /// Nothing yet.
    public init() {}

    /// Adds the times of `other`.
    public mutating func add(_ other: LaneTimings) {
        waiting += other.waiting
        decoding += other.decoding
        applying += other.applying
        committing += other.committing
        batches += other.batches
    }
}
