/// How the baseline of a scope and the stream meet.
public enum HandoverMode: String, Sendable, CaseIterable {
    /// A merge makes its key range what a snapshot saw, but for keys touched by transactions that it did not see; later
    /// events of transactions that it did see are skipped. No row ever goes back in time.
    ///
    /// Needs transaction numbers in events, keys that sort alike on both sides, and chunks that hold every row of
    /// their range that is in any started scope.
    case snapshot
    /// A merge leaves every touched key alone and no event is skipped. Converges for every source; a row may go back
    /// in time for a moment.
    case touched
}
