/// What is to be done with an event.
public struct HandoverVerdict: Hashable, Sendable {
    /// What is to be done with the row.
    public enum Action: Hashable, Sendable {
        /// Write or delete it.
        case apply
        /// Leave it, and count the event for this reason.
        case skip(SkipReason)
        /// Read it from the source, in a snapshot that sees the event's transaction, and write that.
        case read
    }

    /// Whether the key is to be remembered as touched by the event's transaction.
    public var recordsTouched: Bool
    public var action: Action

    /// A verdict.
    public init(recordsTouched: Bool, action: Action) {
        self.recordsTouched = recordsTouched
        self.action = action
    }
}
