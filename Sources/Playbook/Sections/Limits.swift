public import Model

/// The playbook's `limits`: how much is done at once.
public struct Limits: Hashable, Sendable {
    /// Rows in one apply transaction.
    public var batchRows = 20_000
    /// Memory for the events in the open apply transactions of one process, in bytes; its lanes share it.
    public var batchBytes = 40 << 20
    /// How long an apply batch waits for more when its queue is empty, in milliseconds.
    public var batchWaitMilliseconds = 5
    /// Apply threads of one process, each with its own target connection.
    public var lanes = 4
    /// Load threads of one process.
    public var loadWorkers = 4
    /// Connections to the source of one process.
    public var sourceConnections = 4
    /// Bytes of one baseline chunk, about.
    public var chunkBytes = 16 << 20
    /// As many events of an entity must be rejected, and half of them all, for it to be stopped; 0 for never.
    public var breakerEvents = 200
    /// What holds loads back.
    public var throttle = ThrottleLimits()
    /// As many keys of an entity may wait for their parents; it stops when more would.
    public var waitingKeys = 10_000

    /// The limits of a playbook that names none.
    public init() {}
}
