public import LibPQ

/// Keys whose row has to be read from the source again before a wave is sealed: their constraints had to wait for others.
///
/// Lanes do not use the list: what an event leaves out they read from the source at once. Who re-reads writes the row
/// only if, under the entity's lock, the key is still on the list and nothing newer has come since.
public struct Rereads {
    private let connection: Connection

    /// The list in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Some keys that are on the list.
    public func find(_ entity: EntityID, limit: Int) throws -> [[String]] {
        try connection.query(
            "SELECT key FROM tidegate.reread WHERE entity_id = $1 ORDER BY created_at, key LIMIT $2",
            [.int(Int(entity.rawValue)), .int(limit)]
        ).rows.compactMap { PostgresArray.key($0[0]) }
    }

    /// How many keys are on the list.
    public func count(_ entity: EntityID) throws -> Int {
        try connection.query(
            "SELECT count(*) FROM tidegate.reread WHERE entity_id = $1", [.int(Int(entity.rawValue))]
        ).scalar.flatMap(Int.init) ?? 0
    }
}
