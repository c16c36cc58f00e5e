public import LibPQ
import Model

/// Events set aside, in the transaction that moves the checkpoint over them.
public struct Quarantine {
    let connection: Connection

    /// The quarantine in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Sets one event aside. An event that is there already, after a rewind, is parked again.
    public static let insert = LedgerStatement(
        name: "tidegate_quarantine",
        sql: """
            INSERT INTO tidegate.quarantine (flow, entity_id, topic, partition, "offset", key, reason, sqlstate, message,
                event_key, event_value, headers, all_headers, held_by, awaited, awaited_key)
            VALUES ($1, $2::integer, $3, $4::integer, $5::bigint, $6::text[], $7, $8, $9, $10::bytea, $11::bytea,
                $12::jsonb, $13::jsonb, $14::text[], $15, $16::text[])
            ON CONFLICT (flow, topic, partition, "offset") DO UPDATE SET state = 'parked', reason = excluded.reason,
                sqlstate = excluded.sqlstate, message = excluded.message, resolved_at = NULL,
                held_by = excluded.held_by, awaited = excluded.awaited, awaited_key = excluded.awaited_key, waits = 0,
                retry_at = NULL
            """)

    /// The parameters of `insert`.
    public static func parameters(_ event: QuarantinedEvent) -> [Parameter] {
        [
            .text(event.flow.rawValue), event.entity.map { .int($0.rawValue) } ?? .null,
            .text(event.partition.topic), .int(event.partition.partition), .int(event.offset),
            event.key.map { .array($0) } ?? .null, .text(event.reason), .optional(event.sqlState),
            .text(event.message), event.eventKey.map { .binary($0) } ?? .null,
            event.eventValue.map { .binary($0) } ?? .null, .optional(event.headers), .optional(event.allHeaders),
        ] + QuarantinedEvent.Waiting(event.obstacle).parameters
    }

    /// Sets events aside.
    public func insert(_ events: [QuarantinedEvent]) throws {
        try connection.pipeline { pipeline in
            for event in events { try pipeline.query(Quarantine.insert.sql, Quarantine.parameters(event)) }
        }
        // With a later event a key may wait for something else.
        let behind = events.filter { $0.reason == "behind" }
        guard !behind.isEmpty else { return }
        try connection.query(
            """
            UPDATE tidegate.quarantine AS q SET awaited = NULL FROM unnest($1::integer[], $2::text[]) AS u (entity_id, key)
            WHERE q.entity_id = u.entity_id AND q.key = u.key::text[] AND q.state = 'parked' AND q.awaited IS NOT NULL
            """,
            [
                .array(behind.map { $0.entity.map(\.description) }),
                .array(behind.map { $0.key.map(Quarantine.literal) }),
            ])
    }

    /// The keys of an entity that have a parked event: later events of theirs queue behind it.
    public func parkedKeys(_ entity: EntityID) throws -> Set<[String]> {
        let result = try connection.query(
            """
            SELECT DISTINCT key FROM tidegate.quarantine
            WHERE entity_id = $1 AND key IS NOT NULL AND state IN ('parked', 'retrying')
            """, [.int(entity.rawValue)])
        return Set(result.rows.compactMap { PostgresArray.key($0[0]) })
    }
}
