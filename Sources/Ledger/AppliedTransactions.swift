public import LibPQ

/// The transactions by which this program wrote rows in a database: what the other flow reads of them is an echo.
public struct AppliedTransactions {
    /// Remembers the transaction that it is part of.
    public static let record = "INSERT INTO tidegate.applied_transaction DEFAULT VALUES"

    private let connection: Connection

    /// The transactions of the database that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// The recorded transactions of a range, in full numbers; none where nothing is ever recorded.
    public func find(_ range: ClosedRange<UInt64>) throws(PostgresError) -> Set<UInt64> {
        guard try connection.query("SELECT to_regclass('tidegate.applied_transaction')").scalar != nil else {
            return []
        }
        let found = try connection.query(
            "SELECT xid FROM tidegate.applied_transaction WHERE xid BETWEEN $1 AND $2",
            [.text("\(range.lowerBound)"), .text("\(range.upperBound)")])
        return Set(found.rows.compactMap { $0[0].flatMap { UInt64($0) } })
    }

    /// Forgets what is older than any topic keeps its events.
    public func forgetOld() throws(PostgresError) {
        try connection.query("DELETE FROM tidegate.applied_transaction WHERE at < now() - interval '14 days'")
    }
}
