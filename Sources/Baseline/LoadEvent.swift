public import Ledger
public import Model

/// What a load tells its observer.
public enum LoadEvent: Sendable {
    /// A scope is loading; rows that are expected and chunks that hold them.
    case planned(EntityName, rows: Int, chunks: Int)
    /// The load waits for transactions on the source, described in words.
    case waiting(for: String)
    /// A chunk was merged.
    case merged(EntityName, ChunkOutcome)
    /// A chunk failed and was put back, to be loaded again from its beginning.
    case putBack(EntityName, ordinal: Int, reason: String)
    /// Rows were set aside.
    case quarantined(EntityName, rows: Int)
    /// Rows that are gone from the source were removed from the target; others stay because the target owns a part of them.
    case removed(EntityName, rows: Int, kept: Int)
    /// All chunks of the entity are merged, the seal is taken.
    case sealed(EntityName, Seal)
    /// Baseline and stream are joined.
    case live(EntityName)
}
