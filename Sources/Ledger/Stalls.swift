public import LibPQ
public import Model

/// What keeps a partition from going on.
public struct Stall: Hashable, Sendable {
    /// Who is kept from going on.
    public enum State: String, Sendable {
        /// The whole lane: it tries again.
        case retrying
        /// The entity: it is left out until it is tried again, others go on.
        case stopped
    }

    public let state: State
    /// What was wrong, without row values.
    public let reason: String
    /// How often it was tried.
    public let attempts: Int
    /// When it is tried again, from now; nil where that takes a person or a restart.
    public let wait: Duration?

    /// A stall.
    public init(_ state: State, reason: String, attempts: Int, wait: Duration?) {
        self.state = state
        self.reason = reason
        self.attempts = attempts
        self.wait = wait
    }
}

/// The partitions that do not go on at present, for people to see.
public struct Stalls {
    private let connection: Connection

    /// The stalls in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Says of partitions that they do not go on.
    public func note(_ stall: Stall, of checkpoints: [Checkpoint]) throws(PostgresError) {
        let milliseconds = stall.wait.map { $0 / .milliseconds(1) }
        for checkpoint in checkpoints {
            try connection.query(
                """
                INSERT INTO tidegate.stall AS s (flow, topic, partition, state, reason, next_offset, position, attempts,
                    next_attempt)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
                    coalesce(clock_timestamp() + $9::double precision * interval '1 millisecond', 'infinity'))
                ON CONFLICT (flow, topic, partition) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                    next_offset = excluded.next_offset, position = excluded.position, attempts = excluded.attempts,
                    next_attempt = excluded.next_attempt
                """,
                [
                    .text(checkpoint.flow.rawValue), .text(checkpoint.partition.topic),
                    .int(checkpoint.partition.partition), .text(stall.state.rawValue), .text(stall.reason),
                    checkpoint.nextOffset.map { .int($0) } ?? .null, .optional(checkpoint.position?.description),
                    .int(stall.attempts), .optional(milliseconds.map { "\($0)" }),
                ])
        }
    }

    /// The partitions of a flow that are left out until somebody does something about them.
    public func stopped(_ flow: Flow) throws(PostgresError) -> Set<TopicPartition> {
        let result = try connection.query(
            "SELECT topic, partition FROM tidegate.stall WHERE flow = $1 AND state = $2",
            [.text(flow.rawValue), .text(Stall.State.stopped.rawValue)])
        return Set(
            result.rows.compactMap { row in
                guard let topic = row[0], let partition = row[1].flatMap(Int32.init) else { return nil }
                return TopicPartition(topic: topic, partition: partition)
            })
    }

    /// The partitions of a topic that wait for a person, and why.
    public func waitingForPeople(_ flow: Flow, topic: String) throws(PostgresError) -> [TopicPartition: String] {
        let found = try connection.query(
            """
            SELECT partition, reason FROM tidegate.stall
            WHERE flow = $1 AND topic = $2 AND state = 'stopped' AND NOT isfinite(next_attempt)
            """, [.text(flow.rawValue), .text(topic)])
        var reasons: [TopicPartition: String] = [:]
        for row in found.rows {
            guard let partition = row[0].flatMap(Int32.init) else { continue }
            reasons[TopicPartition(topic: topic, partition: partition)] = row[1]
        }
        return reasons
    }

    /// Says of partitions that they go on.
    public func clear(_ partitions: [TopicPartition], of flow: Flow) throws(PostgresError) {
        try connection.query(
            """
            DELETE FROM tidegate.stall WHERE flow = $1 AND (topic, partition) IN (
                SELECT t, p FROM unnest($2::text[], $3::integer[]) AS u (t, p))
            """,
            [
                .text(flow.rawValue), .array(partitions.map(\.topic)), .array(partitions.map { "\($0.partition)" }),
            ])
    }
}
