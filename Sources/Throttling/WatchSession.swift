import LibPQ

/// A connection that only looks, made again when it breaks. Nothing it asks may take long or wait for a lock: a probe that
/// does not answer has failed.
final class WatchSession {
    private let string: ConnectionString
    private var connection: Connection?

    init(_ string: ConnectionString) {
        self.string = string.with(parameters: ["connect_timeout": "5", "tcp_user_timeout": "8000"])
    }

    /// The connection, opened if it is not.
    ///
    /// - Parameter opened: called with a new one.
    func open(_ opened: (Connection) throws -> Void = { _ in }) throws -> Connection {
        if let connection, connection.isAlive { return connection }
        connection = nil
        let fresh = try Connection(string, applicationName: "tidegate throttle")
        try fresh.execute(
            """
            SET statement_timeout = '5s'; SET lock_timeout = '2s'; SET jit = off; SET client_min_messages = warning
            """)
        try opened(fresh)
        connection = fresh
        return fresh
    }
}
