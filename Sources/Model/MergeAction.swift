/// What a merge does with a key.
public enum MergeAction: Hashable, Sendable {
    /// The target keeps what it has, or has not.
    case leave
    /// The target gets the row as the chunk's snapshot has it.
    case write
    /// The target's row goes.
    case delete
}
