import Foundation
public import LibPQ
public import Model

/// An event of the quarantine as the dead-letter topic is to have it.
public struct DeadLetter: Sendable {
    public let id: Int64
    public let topic: String
    public let partition: Int32
    public let offset: Int64
    public let entity: String?
    public let reason: String
    public let sqlState: String?
    /// What is wrong, without row values.
    public let message: String
    public let key: [UInt8]?
    public let value: [UInt8]?
    /// The event's own, in order.
    public let headers: [(String, [UInt8])]
}

/// What of the quarantine the dead-letter topic has. The quarantine is the truth: a letter is marked after the broker has
/// acknowledged it, so that after a crash in between it is there twice, and never missing.
public struct DeadLetters {
    private let connection: Connection
    private let flow: Flow

    /// The dead letters of a flow in the ledger that `connection` reaches.
    public init(on connection: Connection, of flow: Flow) {
        self.connection = connection
        self.flow = flow
    }

    /// Makes this session the one that publishes, unless another one is.
    public func takeTurn() throws -> Bool {
        let lock = flow == .forward ? AdvisoryLock.deadLetters.forward : AdvisoryLock.deadLetters.reverse
        return try connection.query(
            "SELECT pg_try_advisory_lock($1, $2)", [.int(AdvisoryLock.space), .int(lock)]
        ).scalar == "t"
    }

    /// The oldest events that are not published; those that may pass by themselves only after a minute.
    public func unpublished(limit: Int) throws -> [DeadLetter] {
        let found = try connection.query(
            """
            SELECT q.id, q.topic, q.partition, q."offset", e.name AS entity, q.reason, q.sqlstate, q.message,
                encode(q.event_key, 'hex') AS key, encode(coalesce(q.original_value, q.event_value), 'hex') AS value,
                q.all_headers
            FROM tidegate.quarantine q LEFT JOIN tidegate.entity e ON e.id = q.entity_id
            WHERE q.flow = $1 AND q.state IN ('parked', 'retrying') AND q.published_at IS NULL AND NOT q.unpublishable
                AND (q.reason NOT IN ('missing-parent', 'missing-half', 'conflict', 'behind')
                    OR q.created_at < now() - interval '1 minute')
            ORDER BY q.id LIMIT \(limit)
            """, [.text(flow.rawValue)])
        return found.rows.map { row in
            let headers = (row["all_headers"]?.data(using: .utf8)).flatMap {
                try? JSONDecoder().decode([[String?]].self, from: $0)
            }
            return DeadLetter(
                id: row["id"].flatMap(Int64.init) ?? 0, topic: row["topic"] ?? "",
                partition: row["partition"].flatMap(Int32.init) ?? 0, offset: row["offset"].flatMap(Int64.init) ?? 0,
                entity: row["entity"], reason: row["reason"] ?? "", sqlState: row["sqlstate"],
                message: row["message"] ?? "", key: row["key"].map(Quarantine.bytes),
                value: row["value"].map(Quarantine.bytes),
                headers: (headers ?? []).compactMap { header in
                    header.first.flatMap { $0 }.map { ($0, header.last.flatMap { $0 }.map(Quarantine.bytes) ?? []) }
                })
        }
    }

    /// Marks events as published, and notes why others are not.
    ///
    /// - Parameter failed: the errors by event, and whether trying again is useless.
    public func mark(published: [Int64], failed: [Int64: (error: String, isFinal: Bool)]) throws {
        try connection.transaction {
            try connection.query(
                """
                UPDATE tidegate.quarantine SET published_at = clock_timestamp(), publish_error = NULL
                WHERE id = ANY ($1::bigint[])
                """, [.array(published.map(String.init))])
            for (id, failure) in failed.sorted(by: { $0.key < $1.key }) {
                try connection.query(
                    "UPDATE tidegate.quarantine SET publish_error = $2, unpublishable = $3 WHERE id = $1",
                    [.int(id), .text(failure.error), .bool(failure.isFinal)])
            }
        }
    }
}
