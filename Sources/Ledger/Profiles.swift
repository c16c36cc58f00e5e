public import LibPQ
public import Model

/// Profiles of entities, the newest of which later loads are compared with.
public struct Profiles {
    private let connection: Connection

    /// The profiles in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Keeps a profile.
    public func store(_ profile: ProfileRecord, of entity: EntityID) throws {
        try connection.transaction {
            let id = try connection.query(
                """
                INSERT INTO tidegate.profile (entity_id, wave, rows_estimated, rows_looked, is_sample)
                VALUES ($1, $2, $3, $4, $5) RETURNING id
                """,
                [
                    .int(Int(entity.rawValue)), .optional(profile.wave?.rawValue), .int(profile.rowsEstimated),
                    .int(profile.rowsLooked), .bool(profile.isSample),
                ]
            ).scalar
            for value in profile.values {
                try connection.query(
                    """
                    INSERT INTO tidegate.profile_value (profile_id, origin, name, kind, rows, nulls, distinct_values,
                        distinct_in_table, deciles, lengths)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::float8[], $10::float8[])
                    """,
                    [
                        .optional(id), .text(value.origin.rawValue), .text(value.name), .text(value.kind),
                        .int(value.rows), .int(value.nulls), .int(value.distinct),
                        value.distinctInTable.map { .int($0) } ?? .null, .array(value.deciles.map { "\($0)" }),
                        .array(value.lengths.map { "\($0)" }),
                    ])
            }
        }
    }

    /// The newest profile of an entity's rows in a wave, or, for nil, of all its rows; nil when there is none.
    public func newest(of entity: EntityID, wave: WaveName?) throws -> ProfileRecord? {
        let found = try connection.query(
            """
            SELECT id, rows_estimated, rows_looked, is_sample FROM tidegate.profile
            WHERE entity_id = $1 AND wave IS NOT DISTINCT FROM $2 ORDER BY taken_at DESC, id DESC LIMIT 1
            """, [.int(Int(entity.rawValue)), .optional(wave?.rawValue)])
        guard let row = found.rows.first else { return nil }
        let values = try connection.query(
            """
            SELECT origin, name, kind, rows, nulls, distinct_values, distinct_in_table, deciles, lengths
            FROM tidegate.profile_value WHERE profile_id = $1 ORDER BY origin, name
            """, [.optional(row["id"])])
        return ProfileRecord(
            wave: wave, rowsEstimated: row.int("rows_estimated") ?? 0, rowsLooked: row.int("rows_looked") ?? 0,
            isSample: row.bool("is_sample") ?? true,
            values: values.rows.compactMap { row in
                ProfileRecord.Value.Origin(rawValue: row["origin"] ?? "").map { origin in
                    ProfileRecord.Value(
                        origin: origin, name: row["name"] ?? "", kind: row["kind"] ?? "", rows: row.int("rows") ?? 0,
                        nulls: row.int("nulls") ?? 0, distinct: row.int("distinct_values") ?? 0,
                        distinctInTable: row.int("distinct_in_table"), deciles: Self.numbers(row["deciles"]),
                        lengths: Self.numbers(row["lengths"]))
                }
            })
    }

    private static func numbers(_ text: String?) -> [Double] {
        (PostgresArray.elements(text ?? "{}") ?? []).compactMap { $0.flatMap(Double.init) }
    }
}
