/// What a lane knows, under the entity's lock, when it decides about an event of a key.
public struct HandoverView: Sendable {
    /// Whether a scope of the entity is loading.
    public var isLoading: Bool
    /// The snapshot of the merged chunk whose range holds the key; nil when there is none, and always when the loading
    /// scope's hand-over is `touched`.
    public var covering: TransactionSnapshot?
    /// Whether the row as the event has it is in a scope that has started. For deletes it means nothing.
    public var isInStartedScope: Bool
    /// Whether the target has the row.
    public var isInTarget: Bool

    /// What a lane knows.
    public init(isLoading: Bool, covering: TransactionSnapshot?, isInStartedScope: Bool, isInTarget: Bool) {
        self.isLoading = isLoading
        self.covering = covering
        self.isInStartedScope = isInStartedScope
        self.isInTarget = isInTarget
    }
}
