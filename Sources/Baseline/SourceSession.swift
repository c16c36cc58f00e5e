import Foundation
import LibPQ
import Model
import Sync

/// A connection to the source, which is only ever read.
final class SourceSession {
    let connection: Connection

    init(_ string: ConnectionString) throws {
        connection = try Connection(string, applicationName: "tidegate load")
        try connection.execute(
            """
            SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = 0;
            SET statement_timeout = 0; SET jit = off; SET client_min_messages = warning
            """)
    }

    /// A standby shows less than the stream already has.
    ///
    /// - Throws: `BaselineError` of code `source`.
    func refuseStandby() throws {
        guard try connection.query("SELECT pg_is_in_recovery()").scalar == "f" else {
            throw BaselineError(
                .source, "the source is a standby, which may be behind the stream; load from the primary")
        }
    }

    private var transactions: SourceTransactions { SourceTransactions(on: connection) }

    /// What is visible now; in a transaction that reads repeatably, what is visible in it.
    func snapshot() throws -> TransactionSnapshot { try required(transactions.snapshot()) }

    /// What is visible now, with every transaction in progress in its list.
    func snapshotWithAllInProgress() throws -> TransactionSnapshot {
        try required(transactions.snapshotWithAllInProgress())
    }

    private func required(_ snapshot: TransactionSnapshot?) throws -> TransactionSnapshot {
        guard let snapshot else { throw BaselineError(.source, "the source gave no snapshot") }
        return snapshot
    }

    /// Runs `body` in one snapshot.
    func reading<T>(_ body: (TransactionSnapshot) throws -> T) throws -> T {
        try connection.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") { try body(snapshot()) }
    }

    /// The end of the log now: commits that are visible lie before it.
    func logEnd() throws -> LSN {
        guard let end = try SourceLog(on: connection).end() else {
            throw BaselineError(.source, "the source gave no log position")
        }
        return end
    }

    /// The connector's slot and how far it is confirmed; nil when there is none that brings everything.
    func confirmed(_ slots: [String]) throws -> (slot: String, position: LSN)? {
        try SourceLog(on: connection).confirmed(slots)
    }

    /// Waits until the connector's slot is there and has found its starting position: a change that is committed before
    /// that is in no stream.
    func waitForSlot(_ slots: [String], shouldStop: () -> Bool, waiting: (String) -> Void) throws {
        var due = DueReport()
        while try confirmed(slots) == nil {
            if shouldStop() { throw BaselineError(.stopped, "stopped while the source had no replication slot") }
            if due.isNow {
                waiting("the replication slot \(slots.joined(separator: " or ")); start the capture or the connector")
            }
            try connection.query("SELECT pg_sleep(0.02)")
        }
    }

    /// Waits until all transactions in progress in `snapshot` have ended. `waiting` is told, at growing intervals, who
    /// is waited for.
    func waitForTransactions(
        in snapshot: TransactionSnapshot, shouldStop: () -> Bool, waiting: (String) -> Void
    ) throws {
        var due = DueReport()
        while true {
            let open = try transactions.notEnded(of: snapshot.inProgress)
            if open.isEmpty { return }
            if shouldStop() { throw BaselineError(.stopped, "stopped while waiting for transactions on the source") }
            if due.isNow { waiting(try transactions.describe(open)) }
            try connection.query("SELECT pg_sleep(0.02)")
        }
    }
}
