public import LibPQ
public import Model

/// How fast an entity's rows were loaded before: the merged chunks' rows per second, of one worker each.
public struct LoadRate: Hashable, Sendable {
    /// The chunks that were looked at: those of at least half the largest one's rows, since small ones say little.
    public let chunks: Int
    /// A quarter of the chunks was slower.
    public let slow: Double
    public let median: Double
    /// A quarter of the chunks was faster.
    public let fast: Double
    /// Bytes of COPY text per row.
    public let bytesPerRow: Double

    /// The rates of all entities of which something was loaded.
    public static func read(on connection: Connection) throws -> [EntityName: LoadRate] {
        let result = try connection.query(
            """
            WITH merged AS (
                SELECT e.name, c.rows, c.bytes, max(c.rows) OVER (PARTITION BY e.id) AS most,
                    c.rows / greatest(extract(epoch FROM c.merged_at - c.started_at)::float8, 0.001) AS rate
                FROM tidegate.chunk c JOIN tidegate.entity e ON e.id = c.entity_id
                WHERE c.state = 'merged' AND c.rows > 0 AND c.merged_at > c.started_at)
            SELECT name, count(*) AS chunks, sum(coalesce(bytes, 0)) / sum(rows)::float8 AS row_bytes,
                percentile_cont(0.25) WITHIN GROUP (ORDER BY rate) AS slow,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY rate) AS median,
                percentile_cont(0.75) WITHIN GROUP (ORDER BY rate) AS fast
            FROM merged WHERE rows * 2 >= most GROUP BY name
            """)
        var rates: [EntityName: LoadRate] = [:]
        for row in result.rows {
            func number(_ name: String) -> Double { row[name].flatMap(Double.init) ?? 0 }
            rates[EntityName(rawValue: row["name"] ?? "")] = LoadRate(
                chunks: row.int("chunks") ?? 0, slow: number("slow"), median: number("median"), fast: number("fast"),
                bytesPerRow: number("row_bytes"))
        }
        return rates
    }
}
