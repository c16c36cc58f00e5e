/// The rules by which baseline and stream meet with no row lost, resurrected or reverted. Lanes and merges carry them
/// out in SQL, on sets of rows; here they are for one key, so that they can be tried on every order of things.
///
/// What they rest on:
/// - For one key the transactions that a snapshot saw are a prefix of its commit order, since a second writer waits for
///   the first one's row lock until the first one is visible. So what a merge leaves out is exactly a suffix of the
///   stream, which the lane applies.
/// - The stream shows a commit before snapshots do. Hence nothing is read before all transactions that were in
///   progress after the change to `loading` have ended: an event skipped as `pending` is visible to every chunk. A
///   snapshot's list does not name all of them: those that began after the last one that ended lie beyond its `xmax`.
/// - A lane remembers what it touches even when it does not write it: a delete, or a row that has left the scope, must
///   keep an older chunk from bringing the row back.
/// - An event is skipped as `in-baseline` only where the chunk stood for every row of its range that could be in the
///   target: see `mode`.
public enum Handover {
    /// The mode for a scope that is about to load.
    ///
    /// - Parameters:
    ///   - hasTransactions: whether events name their source transactions.
    ///   - keysSortAlike: whether a key range means the same on both sides.
    ///   - takesEveryRow: whether the scope takes every row of the entity.
    ///   - isFirst: whether no other scope of the entity has started. Otherwise a row of another scope, whose insertion
    ///     a snapshot saw and the stream has not brought yet, is in no chunk of this scope, and its event must not be
    ///     skipped.
    public static func mode(
        hasTransactions: Bool, keysSortAlike: Bool, takesEveryRow: Bool, isFirst: Bool
    ) -> HandoverMode {
        hasTransactions && keysSortAlike && (takesEveryRow || isFirst) ? .snapshot : .touched
    }

    /// What a lane does with an event.
    public static func verdict(on event: HandoverEvent, given view: HandoverView) -> HandoverVerdict {
        HandoverVerdict(recordsTouched: view.isLoading, action: action(on: event, given: view))
    }

    private static func action(on event: HandoverEvent, given view: HandoverView) -> HandoverVerdict.Action {
        if let transaction = event.transaction, let covering = view.covering, covering.sees(transaction) {
            return .skip(.inBaseline)
        }
        if event.isDelete || view.isInTarget { return .apply }
        if !view.isInStartedScope { return .skip(.pending) }
        return event.isWhole ? .apply : .read
    }

    /// What a merge does with a key of its range.
    ///
    /// - Parameters:
    ///   - isTouched: whether the stream has touched the key since the scope began to load.
    ///   - transaction: the transaction of the key's last event, if it is known.
    ///   - snapshot: what the chunk was read in; nil for files.
    ///   - row: where the key's row is, as of that snapshot.
    public static func merge(
        mode: HandoverMode, isTouched: Bool, transaction: UInt64?, snapshot: TransactionSnapshot?, row: MergeRow
    ) -> MergeAction {
        if isTouched {
            guard mode == .snapshot, let transaction, let snapshot, snapshot.sees(transaction) else { return .leave }
        }
        switch row {
        case .inChunk: return .write
        case .onlyInTarget: return mode == .snapshot ? .delete : .leave
        case .outsideChunk: return mode == .snapshot ? .write : .leave
        case .nowhere: return .leave
        }
    }
}
