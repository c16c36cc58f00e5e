public import LibPQ
public import Model

/// Ownership in two ledgers: that of the target, which decides, and that of the source, where the reverse flow applies.
///
/// A transfer is written down in the source's ledger first, as an intent, at which the reverse flow stops; then it is made
/// in the target's, which is the decision; then it is copied to the source's. Whatever ends in between, `settle` brings the
/// source's ledger to what the target's has decided, and until then nothing flows back: no change is applied by both flows
/// or by neither.
public struct SharedOwnership {
    private let target: Connection
    private let source: Connection

    /// Both ledgers.
    public init(target: Connection, source: Connection) {
        self.target = target
        self.source = source
    }

    /// Transfers ownership, as `Ownership.transfer` does, for both flows.
    ///
    /// - Returns: the epoch that it begins.
    /// - Throws: `PostgresError` with 55P03, too, when another transfer is under way for half a minute.
    public func transfer(
        _ subject: Ownership.Subject, to owner: Side, reason: String, evidence: [String: String] = [:]
    ) throws -> Int64 {
        try target.execute("SET lock_timeout = '30s'")
        try target.query("SELECT pg_advisory_lock($1, $2)", lock)
        defer { release() }
        try copy()
        let next = try Ownership(on: target).epoch().number + 1
        try source.transaction {
            try Ownership(on: source).alone {
                _ = try source.query("INSERT INTO tidegate.ownership_intent (epoch) VALUES ($1)", [.int(next)])
            }
        }
        // Also after an error: whether the decision was committed, only the ledger can tell.
        defer { try? copy() }
        return try Ownership(on: target).transfer(subject, to: owner, reason: reason, evidence: evidence) {
            try source.query("SELECT pg_current_wal_insert_lsn()").scalar.flatMap { LSN($0) }
        }
    }

    /// Brings the source's ledger to what the target's has decided, unless a transfer is under way.
    public func settle() throws {
        guard try target.query("SELECT pg_try_advisory_lock($1, $2)", lock).scalar == "t" else { return }
        defer { release() }
        try copy()
    }

    /// Whether a transfer waits for its decision, as far as the source's ledger knows.
    public static func isUnsettled(on source: Connection) throws(PostgresError) -> Bool {
        try source.query("SELECT FROM tidegate.ownership_intent").rowCount > 0
    }

    private var lock: [Parameter] { [.int(AdvisoryLock.space), .int(AdvisoryLock.transfer)] }

    private func release() { _ = try? target.query("SELECT pg_advisory_unlock($1, $2)", lock) }

    /// Makes the source's ledger what the target's is. Nothing is locked where they agree.
    private func copy() throws {
        let decided = try lines(target)
        if try lines(source) == decided, try !Self.isUnsettled(on: source) { return }
        try source.transaction {
            try Ownership(on: source).alone {
                try source.execute("DELETE FROM tidegate.ownership_intent; DELETE FROM tidegate.ownership_transfer")
                _ = try source.query(
                    """
                    INSERT INTO tidegate.ownership_transfer
                    SELECT t.* FROM unnest($1::text[]) AS line,
                        jsonb_populate_record(NULL::tidegate.ownership_transfer, line::jsonb) AS t
                    """, [.array(decided)])
            }
        }
    }

    private func lines(_ connection: Connection) throws -> [String] {
        try connection.query(
            """
            SELECT to_jsonb(t) || jsonb_build_object('at', (t.at AT TIME ZONE 'UTC')::text || '+00')
            FROM tidegate.ownership_transfer t ORDER BY epoch
            """
        ).rows.compactMap { $0[0] }
    }
}
