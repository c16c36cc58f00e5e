/// Where a wave stands. The words are the same in commands, ledger, audit trail and documents.
public enum WavePhase: String, Sendable, CaseIterable, Codable {
    /// Nothing has been done. Can transition to: profiled, loading.
    case planned
    /// Its rows on the source were profiled. Can transition to: loading.
    case profiled
    /// Its baseline is being loaded. Can transition to: loaded, rolled-back.
    case loading
    /// Baseline and stream are joined. Can transition to: verified, rolled-back.
    case loaded
    /// Both sides were found equal and every check that blocks has passed. Can transition to: loaded (when what was found
    /// holds no more), signed-off, rolled-back.
    case verified
    /// Somebody else than who had it run has accepted what was found. Can transition to: live, loaded, rolled-back.
    case signedOff = "signed-off"
    /// It is in use and kept in sync. Can transition to: cut-over, rolled-back.
    case live
    /// The target owns it. Can transition to: live (fallback), closed.
    case cutOver = "cut-over"
    /// Nothing flows any more; the end.
    case closed
    /// Its rows are gone from the target. Can transition to: planned.
    case rolledBack = "rolled-back"

    /// Where it may go from here.
    public var next: Set<WavePhase> {
        switch self {
        case .planned: [.profiled, .loading]
        case .profiled: [.loading]
        case .loading: [.loaded, .rolledBack]
        case .loaded: [.verified, .rolledBack]
        case .verified: [.signedOff, .loaded, .rolledBack]
        case .signedOff: [.live, .loaded, .rolledBack]
        case .live: [.cutOver, .rolledBack]
        case .cutOver: [.live, .closed]
        case .closed: []
        case .rolledBack: [.planned]
        }
    }
}
