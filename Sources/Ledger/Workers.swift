public import LibPQ

/// Loaders, and how the others know that one is alive: it holds an advisory lock in its session, which the server lets
/// go when the session ends, however it ends. No clock, no heartbeat.
public struct Workers {
    private let connection: Connection

    /// The workers in the ledger that `connection` reaches. The session that registers must be the one that merges.
    public init(on connection: Connection) { self.connection = connection }

    /// Makes this session a worker until it ends.
    public func register(_ name: String) throws -> Int {
        let result = try connection.query("INSERT INTO tidegate.worker (name) VALUES ($1) RETURNING id", [.text(name)])
        guard let id = result.scalar.flatMap(Int.init) else { throw LedgerError(.malformed, "a worker's number") }
        try connection.query("SELECT pg_advisory_lock($1, $2)", [.int(AdvisoryLock.space), .int(id)])
        return id
    }

    /// SQL that is true when the worker whose number is in the column `id` is alive.
    static func isAlive(_ id: String) -> String {
        """
        EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = \(AdvisoryLock.space)
            AND l.objid = \(id) AND l.objsubid = 2 AND l.granted
            AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
        """
    }
}
