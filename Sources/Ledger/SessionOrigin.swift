public import LibPQ
internal import Model

/// Marks what a session writes with a replication origin of its own, where that is permitted: the log then says of each
/// change that it is no application's.
///
/// An origin serves one session at a time and stays when that ends, for the next. There are as many as the server's
/// `max_replication_slots` (`max_active_replication_origins` from PostgreSQL 18 on); when none is left, or the role may not,
/// the record of transactions must do.
public enum SessionOrigin {
    private static let most = 100
    private static let limitExceeded = SQLState(rawValue: "53400")

    /// Gives the session one that no other session has.
    ///
    /// - Returns: whether it has one now.
    @discardableResult
    public static func adopt(on connection: Connection) throws(PostgresError) -> Bool {
        let right = try connection.query(
            """
            SELECT bool_and(has_function_privilege(oid, 'EXECUTE')) FROM pg_proc
            WHERE proname IN ('pg_replication_origin_create', 'pg_replication_origin_session_setup', 'pg_replication_origin_oid')
            """)
        guard right.scalar == "t" else { return false }
        for number in 1...most {
            do {
                try setUp(ReplicationOrigin.name(number), on: connection)
                return true
            } catch {
                switch error.sqlState {
                // Another session has it, or has made it in this moment.
                case .objectInUse, .duplicateObject, .uniqueViolation: continue
                case limitExceeded, .insufficientPrivilege: return false
                default: throw error
                }
            }
        }
        return false
    }

    private static func setUp(_ name: String, on connection: Connection) throws(PostgresError) {
        if try connection.query("SELECT pg_replication_origin_oid($1)", [.text(name)]).scalar == nil {
            try connection.query("SELECT pg_replication_origin_create($1)", [.text(name)])
        }
        try connection.query("SELECT pg_replication_origin_session_setup($1)", [.text(name)])
    }
}
