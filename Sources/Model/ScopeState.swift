/// How far a wave's rows of one entity have come.
public enum ScopeState: String, Sendable, CaseIterable {
    /// Not started: changes of its rows are skipped. Can transition to: loading.
    case pending
    /// Chunks are being loaded while changes are applied and their keys remembered. Can transition to: live.
    case loading
    /// Sealed: baseline and stream are joined, changes are simply applied.
    case live
}
