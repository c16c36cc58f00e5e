import LibPQ
public import Model

extension Verifications {
    /// What a verification has found of an entity.
    public struct Summary: Hashable, Sendable {
        public var entity: EntityID
        public var waves: [String]
        /// Ranges by state; `open` are those not compared.
        public var ranges: [String: Int]
        public var sourceRows: Int
        public var targetRows: Int
        public var suspects: Int
        public var drifted: Int
        public var unproven: Int
        public var parked: Int
        public var repaired: Int
        /// How many drifted in which way.
        public var kinds: [String: Int]
        /// Why ranges are unproven, each reason once.
        public var reasons: [String]
        /// The lowest position of a range: both sides were equal at it or later.
        public var position: LSN?
    }

    /// What it has found, by entity.
    public func summaries(_ id: Int64) throws -> [Summary] {
        let result = try connection.query(
            """
            SELECT c.entity_id,
                count(*) FILTER (WHERE c.state = 'equal') AS equal, count(*) FILTER (WHERE c.state = 'drift') AS drift,
                count(*) FILTER (WHERE c.state = 'unproven') AS not_proven,
                count(*) FILTER (WHERE c.state = 'open') AS open,
                coalesce(sum(c.source_rows) FILTER (WHERE c.state <> 'open'), 0) AS source_rows,
                coalesce(sum(c.target_rows) FILTER (WHERE c.state <> 'open'), 0) AS target_rows,
                coalesce(sum(c.suspects), 0) AS suspects, coalesce(sum(c.drifted), 0) AS drifted,
                coalesce(sum(c.unproven), 0) AS unproven, coalesce(sum(c.parked), 0) AS parked,
                coalesce(sum(c.repaired), 0) AS repaired, min(c.position) AS position,
                (SELECT string_agg(kind || '=' || n, ',' ORDER BY kind) FROM (SELECT d.kind, count(*) AS n FROM tidegate.difference d
                    WHERE d.verification_id = $1 AND d.entity_id = c.entity_id GROUP BY d.kind) AS k) AS kinds,
                array_agg(DISTINCT c.reason) FILTER (WHERE c.reason IS NOT NULL) AS reasons,
                (SELECT array_agg(DISTINCT w) FROM tidegate.certificate x CROSS JOIN unnest(x.waves) AS w
                    WHERE x.verification_id = $1 AND x.entity_id = c.entity_id) AS covered
            FROM tidegate.certificate c WHERE c.verification_id = $1 GROUP BY c.entity_id ORDER BY c.entity_id
            """, [.int(id)])
        return result.rows.compactMap { row in
            guard let entity = row["entity_id"].flatMap({ Int32($0) }) else { return nil }
            var ranges: [String: Int] = [:]
            for (state, column) in [
                ("equal", "equal"), ("drift", "drift"), ("unproven", "not_proven"), ("open", "open"),
            ] {
                ranges[state] = row.int(column) ?? 0
            }
            var kinds: [String: Int] = [:]
            for pair in (row["kinds"] ?? "").split(separator: ",") {
                let parts = pair.split(separator: "=")
                if parts.count == 2 { kinds[String(parts[0])] = Int(parts[1]) }
            }
            return Summary(
                entity: EntityID(rawValue: entity), waves: PostgresArray.key(row["covered"]) ?? [], ranges: ranges,
                sourceRows: row.int("source_rows") ?? 0, targetRows: row.int("target_rows") ?? 0,
                suspects: row.int("suspects") ?? 0, drifted: row.int("drifted") ?? 0,
                unproven: row.int("unproven") ?? 0, parked: row.int("parked") ?? 0, repaired: row.int("repaired") ?? 0,
                kinds: kinds, reasons: PostgresArray.key(row["reasons"]) ?? [],
                position: row["position"].flatMap { LSN($0) })
        }
    }
}
