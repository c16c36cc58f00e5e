public import LibPQ
public import Model

/// The log of a flow's source, and how far the connector that reads it has come.
public struct SourceLog {
    private let connection: Connection

    /// The log of the database that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// The end of the log now: commits that are visible lie before it.
    ///
    /// - Returns: nil for a standby.
    public func end() throws -> LSN? {
        guard try connection.query("SELECT pg_is_in_recovery()").scalar == "f",
            let end = try connection.query("SELECT pg_current_wal_insert_lsn()").scalar.flatMap({ LSN($0) })
        else { return nil }
        // At the beginning of a page the position lies behind the page's header (24 bytes, 40 in the first page of a
        // segment), which is not written before the next record: nobody would ever confirm it.
        let inPage = end.rawValue % 8192
        return inPage <= 40 ? LSN(rawValue: end.rawValue - inPage) : end
    }

    /// The connector's slot, the first of the names that the server has, and how far it is confirmed; nil when there is
    /// none, or it is still being made and has not found the position from which it brings everything.
    public func confirmed(_ slots: [String]) throws -> (slot: String, position: LSN)? {
        let found = try connection.query(
            """
            SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots
            WHERE slot_name = ANY ($1::text[]) AND confirmed_flush_lsn IS NOT NULL
            ORDER BY array_position($1::text[], slot_name::text) LIMIT 1
            """, [.array(slots)])
        guard let row = found.rows.first, let name = row[0], let position = row[1].flatMap({ LSN($0) }) else {
            return nil
        }
        return (name, position)
    }
}
