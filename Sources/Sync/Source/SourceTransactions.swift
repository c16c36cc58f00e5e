public import LibPQ
public import Model

/// What is under way on a source, and what is visible there.
///
/// The stream shows a commit before other sessions see it. Who must know that all of what has been streamed is visible
/// takes the transactions in progress, and waits until they have ended.
public struct SourceTransactions {
    private let connection: Connection

    /// The transactions of the source that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// What is visible now; in a transaction that reads repeatably, what is visible in it.
    public func snapshot() throws -> TransactionSnapshot? {
        try connection.query("SELECT pg_current_snapshot()").scalar.flatMap { TransactionSnapshot($0) }
    }

    /// What is visible now, with every transaction in progress in its list.
    ///
    /// A snapshot alone does not name them all: its `xmax` is the transaction after the last one that has *ended*, so one
    /// that has begun since is beyond `xmax` and not in the list, even when its commit is in the log and in the stream
    /// already. Each transaction holds a lock on its own number from before its first change until it is visible.
    public func snapshotWithAllInProgress() throws -> TransactionSnapshot? {
        guard let seen = try snapshot() else { return nil }
        let open = Set(try holders(seen, of: "") + seen.inProgress)
        return TransactionSnapshot(
            xmin: min(seen.xmin, open.min() ?? seen.xmin), xmax: max(seen.xmax, (open.max() ?? 0) + 1),
            inProgress: Array(open))
    }

    /// Every transaction in progress in this database: of the others in the cluster, the target may be one, and who asks may
    /// be in a transaction there.
    public func inProgress() throws -> [UInt64] {
        guard let seen = try snapshot() else { return [] }
        return try holders(
            seen,
            of: """
                AND (pid IS NULL OR pid IN (SELECT a.pid FROM pg_stat_activity a WHERE a.datname = current_database()))
                """)
    }

    /// Those of the transactions that are still in progress.
    public func notEnded(of transactions: [UInt64]) throws -> [UInt64] {
        guard !transactions.isEmpty, let now = try snapshot() else { return transactions }
        return transactions.filter { !now.sees($0) }
    }

    /// Waits until a transaction that the stream has shown is visible here.
    ///
    /// - Throws: `SyncError` of code `notVisible` when it is not after half a second.
    func wait(for transaction: UInt32) throws {
        for _ in 0..<100 {
            if let now = try snapshot(), now.sees(now.fullTransactionID(transaction)) { return }
            try connection.query("SELECT pg_sleep(0.005)")
        }
        throw SyncError.notVisibleYet
    }

    /// Who is behind some transactions, for people to read.
    public func describe(_ transactions: [UInt64]) throws -> String {
        let ids = transactions.map { String(UInt32(truncatingIfNeeded: $0)) }
        let result = try connection.query(
            """
            SELECT format('transaction %s of %s (process %s, %s, %s, open for %s)', backend_xid, usename, pid,
                coalesce(nullif(application_name, ''), 'unnamed'), state, date_trunc('second', now() - xact_start))
            FROM pg_stat_activity WHERE backend_xid::text = ANY ($1::text[])
            UNION ALL
            SELECT format('prepared transaction %L of %s', gid, owner) FROM pg_prepared_xacts
            WHERE transaction::text = ANY ($1::text[])
            """, [.array(ids)])
        let found = result.rows.compactMap { $0[0] }
        return found.isEmpty ? "transactions \(ids.joined(separator: ", "))" : found.joined(separator: "; ")
    }

    /// The transactions that hold a lock on their own number and are not in a snapshot.
    private func holders(_ seen: TransactionSnapshot, of condition: String) throws -> [UInt64] {
        let locks = try connection.query(
            """
            SELECT transactionid FROM pg_locks
            WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted \(condition)
            """)
        return locks.rows.compactMap { $0[0].flatMap { UInt32($0) } }.map { seen.fullTransactionID($0) }
            .filter { !seen.sees($0) }
    }
}
