public import LibPQ

/// Asks a database questions that may take long, within a budget of time: each in a transaction of its own that only
/// reads, so that no snapshot is held for longer than one question.
public struct BoundedReader {
    /// The connection, outside a transaction.
    public let connection: Connection
    private let deadline: ContinuousClock.Instant

    /// Questions that together may take until `deadline`.
    public init(_ connection: Connection, until deadline: ContinuousClock.Instant) {
        self.connection = connection
        self.deadline = deadline
    }

    /// What is left of the budget.
    public var remaining: Duration { max(.zero, deadline - .now) }

    /// Asks, for at most `patience`.
    ///
    /// - Parameter settings: statements that hold for this question alone, each `SET LOCAL ...`.
    /// - Returns: nil when time was up.
    /// - Throws: `PostgresError`, what else is wrong.
    public func ask(_ sql: String, within patience: Duration, settings: String = "") throws -> Result? {
        try reading(within: patience, settings: settings) { try connection.execute(sql) }
    }

    /// Runs `body` in a transaction that only reads, each of whose statements may take `patience`.
    ///
    /// - Returns: nil when time was up.
    public func reading<T>(within patience: Duration, settings: String = "", _ body: () throws -> T) throws -> T? {
        let limit = min(patience, remaining)
        guard limit >= .milliseconds(1) else { return nil }
        do {
            return try connection.transaction("BEGIN TRANSACTION READ ONLY") {
                let milliseconds = Int(limit / .milliseconds(1))
                try connection.execute(
                    "SET LOCAL statement_timeout = \(milliseconds); SET LOCAL lock_timeout = \(milliseconds); "
                        + "SET LOCAL jit = off; \(settings)")
                return try body()
            }
        } catch let error as PostgresError
            where error.code == .cancelled || error.sqlState == .queryCanceled || error.sqlState == .lockNotAvailable
        {
            return nil
        }
    }
}
