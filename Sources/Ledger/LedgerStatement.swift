public import LibPQ

/// A statement that a lane runs with each batch: prepared once for the session, then run or queued by name.
public struct LedgerStatement: Hashable, Sendable {
    /// Name of the prepared statement.
    public let name: String
    /// Its text.
    public let sql: String

    /// A statement under a name.
    public init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    /// Prepares it in a session.
    public func prepare(on connection: Connection) throws(PostgresError) { try connection.prepare(name, sql) }
}
