public import Ledger
public import Model

/// What loading an entity anew would do.
public struct AgainPlan: Sendable {
    public let entity: EntityName
    /// The waves whose rows are read: all that have started, for what was lost may have been any of theirs.
    public let waves: [WaveName]
    /// Where the flow goes on in partitions that do not hold what should come next.
    public let moves: [CheckpointMove]
    /// Events in the quarantine that are given up: the new baseline holds their effect.
    public let parked: Int
}
