/// What the stream must pass before a baseline counts as joined with it. Taken on the source after the last chunk.
public struct Seal: Hashable, Sendable {
    /// What was visible then; nil for a source that has no snapshots.
    public let snapshot: TransactionSnapshot?
    /// The end of the source's log then; nil when only log ends of the topic are known.
    public let position: LSN?

    /// A seal.
    public init(snapshot: TransactionSnapshot?, position: LSN?) {
        self.snapshot = snapshot
        self.position = position
    }
}
