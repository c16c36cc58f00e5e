/// Who is at work on an entity.
public enum EntityLock: String, Sendable {
    /// A lane that applies events: many at once, not together with a merge.
    case apply = "ROW EXCLUSIVE"
    /// A chunk's merge: several at once (their keys differ), not together with a lane.
    case merge = "SHARE"
    /// A change of a scope's state: alone.
    case change = "EXCLUSIVE"
}
