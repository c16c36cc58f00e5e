public import Model

/// A wave's rows of one entity, as the ledger knows them.
public struct ScopeRecord: Sendable {
    public let entity: EntityID
    public let wave: WaveName
    /// How far they have come. A scope that is not in the ledger is pending.
    public let state: ScopeState
    public let origin: BaselineOrigin
    /// How baseline and stream meet while it is loading.
    public let handover: HandoverMode
    /// Taken on the source after the change to loading.
    public let startedSnapshot: TransactionSnapshot?
    /// Whether all transactions in progress in that snapshot have ended, so that chunks may be read.
    public let isSettled: Bool
    /// Whether its chunks are in the queue.
    public let isPlanned: Bool
    /// What the stream must pass.
    public let seal: Seal?
    /// Whether it is loaded anew after changes were lost: what is in the target may be old.
    public let isAgain: Bool
}
