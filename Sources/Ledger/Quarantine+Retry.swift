import LibPQ
public import Model

/// A parked event as it is taken up again.
public struct ParkedEvent: Sendable {
    /// Its number in the quarantine.
    public let id: Int64
    public let partition: TopicPartition
    public let offset: Int64
    public let eventKey: [UInt8]?
    public let eventValue: [UInt8]?
}

/// The events of one key that are parked, in the order in which they came.
public struct ParkedKey: Sendable {
    public let entity: EntityID
    public let key: [String]
    public let events: [ParkedEvent]
}

extension Quarantine {
    /// The keys of some partitions whose first parked event has the reason given: oldest first, each with all its events.
    ///
    /// - Parameter limit: how many keys at most.
    public func parked(
        reason: String, flow: Flow, in partitions: [TopicPartition], limit: Int
    ) throws -> [ParkedKey] {
        let found = try connection.query(
            """
            SELECT entity_id, key FROM (
                SELECT DISTINCT ON (entity_id, key) entity_id, key, reason, id FROM tidegate.quarantine
                WHERE flow = $1 AND state = 'parked' AND key IS NOT NULL AND (topic, partition) IN (
                    SELECT t, p FROM unnest($2::text[], $3::integer[]) AS u (t, p))
                ORDER BY entity_id, key, id) AS first
            WHERE reason = $4 ORDER BY id LIMIT $5
            """,
            [
                .text(flow.rawValue), .array(partitions.map(\.topic)), .array(partitions.map { "\($0.partition)" }),
                .text(reason), .int(limit),
            ])
        return try found.rows.compactMap { row in
            guard let entity = row[0].flatMap(Int32.init), let text = row[1], let key = PostgresArray.key(text) else {
                return nil
            }
            return ParkedKey(
                entity: EntityID(rawValue: entity), key: key, events: try events(of: entity, key: text, flow))
        }
    }

    /// Marks events as applied after all, and moves them in the account of their partition: from quarantined to applied
    /// (the last) and superseded (the others). In the transaction that writes the row.
    ///
    /// - Throws: `LedgerError` of code `fenced` when the partition was taken over.
    public func resolve(_ events: [ParkedEvent], of checkpoint: Checkpoint) throws {
        try connection.query(
            "UPDATE tidegate.quarantine SET state = 'resolved', resolved_at = now() WHERE id = ANY ($1::bigint[])",
            [.array(events.map { "\($0.id)" })])
        let result = try connection.query(
            """
            UPDATE tidegate.checkpoint
            SET quarantined = quarantined - $5::bigint, applied = applied + 1, superseded = superseded + $5::bigint - 1
            WHERE flow = $1 AND topic = $2 AND partition = $3::integer AND fence = $4::bigint
            """,
            [
                .text(checkpoint.flow.rawValue), .text(checkpoint.partition.topic),
                .int(checkpoint.partition.partition), .int(checkpoint.fence), .int(events.count),
            ])
        guard result.affectedRows == 1 else {
            throw LedgerError(.fenced, "\(checkpoint.partition) was taken over")
        }
    }

    private func events(of entity: Int32, key: String, _ flow: Flow) throws -> [ParkedEvent] {
        try connection.query(
            """
            SELECT id, topic, partition, "offset", encode(event_key, 'hex'), encode(event_value, 'hex')
            FROM tidegate.quarantine
            WHERE entity_id = $1 AND key = $2::text[] AND flow = $3 AND state = 'parked' ORDER BY id
            """, [.int(entity), .text(key), .text(flow.rawValue)]
        ).rows.compactMap { row in
            guard let id = row[0].flatMap(Int64.init), let topic = row[1], let partition = row[2].flatMap(Int32.init),
                let offset = row[3].flatMap(Int64.init)
            else { return nil }
            return ParkedEvent(
                id: id, partition: TopicPartition(topic: topic, partition: partition), offset: offset,
                eventKey: row[4].map(bytes), eventValue: row[5].map(bytes))
        }
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
