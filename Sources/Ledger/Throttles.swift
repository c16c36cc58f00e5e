public import LibPQ
public import Model

/// What holds the loads back that are running: a row for each of their processes. Each process notes its own, in a session
/// of its own, once a second.
public struct Throttles {
    private let connection: Connection
    private let worker: Int

    /// Makes the session that `connection` is a worker with a throttle, until the session ends; rows of those that have
    /// ended go.
    public init(on connection: Connection, name: String, wave: WaveName) throws {
        self.connection = connection
        worker = try Workers(on: connection).register(name)
        try connection.query("DELETE FROM tidegate.throttle AS t WHERE NOT \(Workers.isAlive("t.worker_id"))")
        try connection.query(
            "INSERT INTO tidegate.throttle (worker_id, wave, since) VALUES ($1, $2, clock_timestamp())",
            [.int(worker), .text(wave.rawValue)])
    }

    /// Notes how things stand, and commits it.
    ///
    /// - Returns: how many living processes load, this one among them.
    public func note(_ state: ThrottleState?) throws(PostgresError) -> Int {
        let result = try connection.query(
            """
            WITH noted AS (
                UPDATE tidegate.throttle SET share = $2, factor = $3, reason = $4, updated_at = clock_timestamp(),
                    since = CASE WHEN factor IS DISTINCT FROM $3 THEN clock_timestamp() ELSE since END
                WHERE worker_id = $1)
            SELECT count(*) FROM tidegate.throttle AS t WHERE \(Workers.isAlive("t.worker_id"))
            """,
            [
                .int(worker), .optional(state.map { "\($0.share)" }), .optional(state?.factor?.rawValue),
                .optional(state?.reason),
            ])
        return max(1, result.scalar.flatMap(Int.init) ?? 1)
    }
}
