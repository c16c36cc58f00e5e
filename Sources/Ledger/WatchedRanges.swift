public import LibPQ
internal import Model

/// The ranges of a verification in which events were applied since: what has to be looked at again.
///
/// Lanes mark a range in the transaction that applies the event. Nothing else is marked, and nothing is unmarked but all
/// ranges of an entity at once, under a lock that keeps the lanes out: a mark can be superfluous, never missing.
public struct WatchedRanges {
    private let connection: Connection

    /// The ranges in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Watches an entity by the ranges of a verification, all of them clean. Lanes are told by the entity's version.
    ///
    /// In a transaction of the caller's, which is to be short: it keeps the lanes out.
    public func watch(_ entity: EntityID, by verification: Int64) throws {
        try connection.execute(entity.lock(.change))
        try connection.query(
            """
            INSERT INTO tidegate.watched (entity_id, verification_id) VALUES ($1, $2)
            ON CONFLICT (entity_id) DO UPDATE SET verification_id = excluded.verification_id
            """, [.int(entity.rawValue), .int(verification)])
        try connection.query("DELETE FROM tidegate.dirty WHERE entity_id = $1", [.int(entity.rawValue)])
        try Entities(on: connection).bumpVersion(entity)
    }

    /// Watches it no longer. Needs the entity's lock, and the version moved by the caller.
    func forget(_ entity: EntityID) throws(PostgresError) {
        try connection.query("DELETE FROM tidegate.watched WHERE entity_id = $1", [.int(entity.rawValue)])
        try connection.query("DELETE FROM tidegate.dirty WHERE entity_id = $1", [.int(entity.rawValue)])
    }

    /// The verification that an entity is watched by.
    public func verification(_ entity: EntityID) throws -> Int64? {
        try connection.query(
            "SELECT verification_id FROM tidegate.watched WHERE entity_id = $1", [.int(entity.rawValue)]
        ).scalar.flatMap { Int64($0) }
    }

    /// First keys of its ranges, but the first one; nil when it is not watched.
    func bounds(_ entity: EntityID) throws -> [[String]]? {
        guard let verification = try verification(entity) else { return nil }
        let found = try connection.query(
            """
            SELECT low FROM tidegate.certificate
            WHERE verification_id = $1 AND entity_id = $2 AND ordinal > 0 ORDER BY ordinal
            """, [.int(verification), .int(entity.rawValue)])
        return try found.rows.map { row in
            guard let key = PostgresArray.key(row[0]) else {
                throw LedgerError(.malformed, "the range of a certificate")
            }
            return key
        }
    }

    /// The statement that marks the ranges of staged rows, and its parameters.
    ///
    /// - Parameters:
    ///   - stage: where the rows are, as SQL.
    ///   - key: the source key's columns in it.
    public static func mark(
        _ entity: EntityID, stage: String, key: [KeyColumn], bounds: [[String]]
    ) -> (sql: String, parameters: [Parameter]) {
        let ordinals = bounds.isEmpty ? "SELECT 0 AS ordinal FROM \(stage) LIMIT 1" : ranges(of: stage, key)
        return (
            """
            INSERT INTO tidegate.dirty (entity_id, ordinal)
            SELECT \(entity), r.ordinal FROM (\(ordinals)) AS r
            WHERE NOT EXISTS (SELECT FROM tidegate.dirty AS d WHERE d.entity_id = \(entity) AND d.ordinal = r.ordinal)
            ORDER BY r.ordinal ON CONFLICT DO NOTHING
            """,
            bounds.isEmpty ? [] : key.indices.map { place in .array(bounds.map { $0[place] }) }
        )
    }

    /// Types whose values in an array are found by their place.
    private static let fixedSize: Set<String> = ["int2", "int4", "int8", "uuid", "date", "timestamp", "timestamptz"]

    /// The ranges of staged rows: for one column by bisection, which in an array of texts or records would be a search from the
    /// beginning; for others by sorting rows and bounds together.
    private static func ranges(of stage: String, _ key: [KeyColumn]) -> String {
        if key.count == 1, fixedSize.contains(key[0].type) {
            return """
                SELECT DISTINCT width_bucket(s.\(quotedIdentifier(key[0].name)), $1::\(key[0].type)[]) AS ordinal \
                FROM \(stage) AS s
                """
        }
        let names = key.indices.map { "k\($0)" }.joined(separator: ", ")
        let rows = key.enumerated().map { "\($1.ordered("s.\(quotedIdentifier($1.name))")) AS k\($0)" }
        let bounds = key.enumerated().map { $1.ordered("b.b\($0)") }
        let columns = key.indices.map { "b\($0)" }.joined(separator: ", ")
        let arrays = key.enumerated().map { "$\($0 + 1)::\($1.type)[]" }
        return """
            SELECT DISTINCT coalesce(last, 0) AS ordinal FROM (
                SELECT n, max(n) OVER (ORDER BY \(names), n ROWS UNBOUNDED PRECEDING) AS last FROM (
                    SELECT \(rows.joined(separator: ", ")), NULL::bigint AS n FROM \(stage) AS s
                    UNION ALL
                    SELECT \(bounds.joined(separator: ", ")), b.n
                    FROM unnest(\(arrays.joined(separator: ", "))) WITH ORDINALITY AS b (\(columns), n)) AS u) AS w
            WHERE n IS NULL
            """
    }

    /// Marks all of them, as after a truncate. In the transaction that changes the table.
    public func markAll(_ entity: EntityID) throws(PostgresError) {
        try connection.query(
            """
            INSERT INTO tidegate.dirty (entity_id, ordinal)
            SELECT c.entity_id, c.ordinal FROM tidegate.certificate c JOIN tidegate.watched w USING (verification_id, entity_id)
            WHERE c.entity_id = $1 ORDER BY c.ordinal ON CONFLICT DO NOTHING
            """, [.int(entity.rawValue)])
    }
}
