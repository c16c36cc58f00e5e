/// Moments at which a test may stop or kill a load. Nothing waits there otherwise.
public enum PausePoint: String, Sendable, CaseIterable {
    /// The scopes are `loading`; the source's snapshot is not noted yet.
    case afterFlip = "after-flip"
    /// The transactions in progress at the flip have ended.
    case afterSettle = "after-settle"
    /// The chunks are in the queue.
    case afterPlan = "after-plan"
    /// A chunk is taken, nothing is read.
    case afterTake = "after-take"
    /// A chunk's snapshot is taken; its rows are not read yet.
    case afterSnapshot = "after-snapshot"
    /// A chunk's rows are in the stage, the entity's lock is not taken.
    case afterRead = "after-read"
    /// A chunk is merged, the transaction is open.
    case beforeCommit = "before-commit"
    /// A chunk is merged and committed.
    case afterMerge = "after-merge"
    /// The seal is noted.
    case afterSeal = "after-seal"
    /// The stream has passed the seal; the scope is not live yet.
    case beforeLive = "before-live"
}
