public import LibPQ
public import Model

/// What the loads of a wave have done to an entity's rows.
public struct ManifestCount: Sendable, Hashable, Codable {
    public let entity: String
    /// `loading` or `live`.
    public let state: String
    public let chunks: Int
    /// Rows written; a row that was written twice counts twice.
    public let written: Int
    /// Rows that were in the target before and were overwritten.
    public let overwritten: Int
    /// Rows that were in the target before and are not on the source.
    public let deleted: Int
    /// Rows that the load has set aside and that are parked still.
    public let setAside: Int
}

/// The manifests of waves: every row that a wave's loads touched, and what was there before.
public struct Manifest {
    private let connection: Connection

    /// The manifests in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Events and rows of a wave's entities that are set aside.
    public func parked(in wave: WaveName) throws -> Int {
        try connection.query(
            """
            SELECT count(*) FROM tidegate.quarantine q JOIN tidegate.scope s ON s.entity_id = q.entity_id
            WHERE s.wave = $1 AND q.state IN ('parked', 'retrying')
            """, [.text(wave.rawValue)]
        ).scalar.flatMap(Int.init) ?? 0
    }

    /// What a wave's loads have done, by entity.
    public func counts(of wave: WaveName) throws -> [ManifestCount] {
        try connection.query(
            """
            SELECT e.name, s.state,
                (SELECT count(*) FROM tidegate.chunk c WHERE c.entity_id = e.id AND c.wave = s.wave) AS chunks,
                (SELECT coalesce(sum(m.rows), 0) FROM tidegate.manifest m WHERE m.entity_id = e.id AND m.wave = s.wave)
                    AS written,
                count(i) FILTER (WHERE i.action = 'overwritten') AS overwritten,
                count(i) FILTER (WHERE i.action = 'deleted') AS deleted,
                (SELECT count(*) FROM tidegate.quarantine q
                    WHERE q.entity_id = e.id AND q.topic = 'baseline/' || s.wave AND q.state IN ('parked', 'retrying'))
                    AS set_aside
            FROM tidegate.scope s JOIN tidegate.entity e ON e.id = s.entity_id
            LEFT JOIN tidegate.manifest_image i ON i.entity_id = e.id AND i.wave = s.wave
            WHERE s.wave = $1 GROUP BY e.id, e.name, s.wave, s.state ORDER BY e.id
            """, [.text(wave.rawValue)]
        ).rows.map { row in
            ManifestCount(
                entity: row["name"] ?? "", state: row["state"] ?? "", chunks: row.int("chunks") ?? 0,
                written: row.int("written") ?? 0, overwritten: row.int("overwritten") ?? 0,
                deleted: row.int("deleted") ?? 0, setAside: row.int("set_aside") ?? 0)
        }
    }
}
