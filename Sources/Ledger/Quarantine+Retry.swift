import LibPQ
public import Model

/// A parked event as it is taken up again.
public struct ParkedEvent: Sendable {
    /// Its number in the quarantine.
    public let id: Int64
    public let offset: Int64
    public let eventKey: [UInt8]?
    public let eventValue: [UInt8]?
    /// The headers that tell of key changes, by name.
    public let headers: [String: [UInt8]]
}

/// The events of one key that are parked, in the order in which they came; all of one partition.
public struct ParkedKey: Sendable {
    public let entity: EntityID
    public let key: [String]
    public let partition: TopicPartition
    public let events: [ParkedEvent]
}

extension Quarantine {
    /// The keys of some partitions whose first parked event has one of the reasons given, or is to be retried, oldest
    /// first, each with all its events of the stream.
    ///
    /// A key whose first parked event is no event of these partitions, such as a row that a load has set aside, is not
    /// among them: what comes after it waits for it.
    ///
    /// - Parameters:
    ///   - after: the number of the event after which to begin, 0 for the oldest.
    ///   - limit: how many keys at most.
    public func parked(
        reasons: [String], flow: Flow, in partitions: [TopicPartition], after: Int64 = 0, limit: Int
    ) throws -> [ParkedKey] {
        let found = try connection.query(
            """
            SELECT entity_id, key, topic, partition FROM (
                SELECT DISTINCT ON (entity_id, key) entity_id, key, topic, partition, reason, state, id
                FROM tidegate.quarantine WHERE flow = $1 AND state IN ('parked', 'retrying') AND key IS NOT NULL
                ORDER BY entity_id, key, id) AS first
            WHERE (state = 'retrying' OR reason = ANY ($4::text[])) AND id > $5 AND (topic, partition) IN (
                SELECT t, p FROM unnest($2::text[], $3::integer[]) AS u (t, p))
            ORDER BY id LIMIT $6
            """,
            [
                .text(flow.rawValue), .array(partitions.map(\.topic)), .array(partitions.map { "\($0.partition)" }),
                .array(reasons), .int(after), .int(limit),
            ])
        return try found.rows.compactMap { row in
            guard let entity = row[0].flatMap(Int32.init), let text = row[1], let key = PostgresArray.key(text),
                let topic = row[2], let partition = row[3].flatMap(Int32.init)
            else { return nil }
            let place = TopicPartition(topic: topic, partition: partition)
            return ParkedKey(
                entity: EntityID(rawValue: entity), key: key, partition: place,
                events: try events(of: entity, key: text, flow, place))
        }
    }

    /// Marks events as applied after all, and moves them in the account of their partition: from quarantined to applied
    /// and superseded. In the transaction that writes the rows.
    ///
    /// - Parameter applied: how many of them were not made obsolete by later ones.
    /// - Returns: whether the key has no parked event left.
    /// - Throws: `LedgerError` of code `fenced` when the partition was taken over, `wrongState` when a person has
    ///   discarded one meanwhile.
    public func resolve(
        _ events: some Collection<ParkedEvent>, of key: ParkedKey, applied: Int, in checkpoint: Checkpoint
    ) throws -> Bool {
        let resolved = try connection.query(
            """
            UPDATE tidegate.quarantine SET state = 'resolved', resolved_at = now()
            WHERE id = ANY ($1::bigint[]) AND state IN ('parked', 'retrying')
            """, [.array(events.map { "\($0.id)" })])
        guard resolved.affectedRows == events.count else {
            throw LedgerError(.wrongState, "a parked event was changed meanwhile")
        }
        let result = try connection.query(
            """
            UPDATE tidegate.checkpoint
            SET quarantined = quarantined - $5::bigint, applied = applied + $6::bigint,
                superseded = superseded + $5::bigint - $6::bigint
            WHERE flow = $1 AND topic = $2 AND partition = $3::integer AND fence = $4::bigint
            """,
            [
                .text(checkpoint.flow.rawValue), .text(checkpoint.partition.topic),
                .int(checkpoint.partition.partition), .int(checkpoint.fence), .int(events.count), .int(applied),
            ])
        guard result.affectedRows == 1 else {
            throw LedgerError(.fenced, "\(checkpoint.partition) was taken over")
        }
        return try connection.query(
            """
            SELECT NOT EXISTS (SELECT FROM tidegate.quarantine
                WHERE entity_id = $1 AND key = $2::text[] AND state IN ('parked', 'retrying'))
            """, [.int(key.entity.rawValue), .array(key.key)]
        ).scalar == "t"
    }

    private func events(
        of entity: Int32, key: String, _ flow: Flow, _ partition: TopicPartition
    ) throws -> [ParkedEvent] {
        try connection.query(
            """
            SELECT id, "offset", encode(event_key, 'hex'), encode(event_value, 'hex'),
                (SELECT array_agg(name ORDER BY name) FROM jsonb_object_keys(headers) AS name),
                (SELECT array_agg(encode(convert_to(headers->>name, 'UTF8'), 'hex') ORDER BY name)
                 FROM jsonb_object_keys(headers) AS name)
            FROM tidegate.quarantine
            WHERE entity_id = $1 AND key = $2::text[] AND flow = $3 AND topic = $4 AND partition = $5::integer
                AND state IN ('parked', 'retrying')
            ORDER BY id
            """,
            [
                .int(entity), .text(key), .text(flow.rawValue), .text(partition.topic), .int(partition.partition),
            ]
        ).rows.compactMap { row in
            guard let id = row[0].flatMap(Int64.init), let offset = row[1].flatMap(Int64.init) else { return nil }
            let names = PostgresArray.key(row[4]) ?? []
            let values = (PostgresArray.key(row[5]) ?? []).map(Self.bytes)
            return ParkedEvent(
                id: id, offset: offset, eventKey: row[2].map(Self.bytes), eventValue: row[3].map(Self.bytes),
                headers: Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first }))
        }
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
