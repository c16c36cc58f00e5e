internal import Ledger
internal import LibPQ
internal import Model

/// Knows the changes of a flow's source that the opposite flow has made there. They come back as events, and are not
/// applied again.
///
/// What a source's ledger has recorded is read for a range of transactions at a time, together with a snapshot: of a
/// transaction that the snapshot sees, the record is complete, since it was made in that transaction itself.
final class Echoes {
    fileprivate struct Window {
        let range: ClosedRange<UInt64>
        let seen: TransactionSnapshot
        let echoes: Set<UInt64>
    }

    private let source: ConnectionString
    private var connection: Connection?
    private var windows: [Int: Window] = [:]
    private static let before: UInt64 = 10_000
    private static let after: UInt64 = 200_000

    init(_ source: ConnectionString) { self.source = source }

    /// Whether the opposite flow has made a transaction.
    ///
    /// - Parameter place: the partition's, whose transactions come in about the order of their numbers.
    /// - Throws: `SyncError` of code `notVisible` when the transaction is not visible on the source yet.
    func contains(_ transaction: UInt32, place: Int) throws -> Bool {
        if let answer = windows[place]?.answer(transaction) { return answer }
        let window = try readWindow(around: transaction)
        windows[place] = window
        return window.answer(transaction) ?? false
    }

    /// The stream shows a commit before other sessions see it.
    private func readWindow(around transaction: UInt32) throws -> Window {
        let open = try connection ?? Connection(source, applicationName: "tidegate sync")
        connection = nil
        for _ in 0..<100 {
            if let seen = try SourceTransactions(on: open).snapshot() {
                let full = seen.fullTransactionID(transaction)
                if seen.sees(full) {
                    let range = (full - min(full, Self.before))...(full + Self.after)
                    let found = try AppliedTransactions(on: open).find(range)
                    connection = open
                    return Window(range: range, seen: seen, echoes: found)
                }
            }
            try open.query("SELECT pg_sleep(0.005)")
        }
        connection = open
        throw SyncError(
            .notVisible,
            "a transaction that the stream has shown is not visible on the source; it may be waiting for a standby")
    }
}

extension Echoes.Window {
    /// nil for a transaction that it knows nothing of.
    fileprivate func answer(_ transaction: UInt32) -> Bool? {
        let full = seen.fullTransactionID(transaction)
        guard range.contains(full), seen.sees(full) else { return nil }
        return echoes.contains(full)
    }
}
