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
    public let reason: String
    /// Whether a person has put another value in its place.
    public let isEdited: Bool
}

/// The events of one key that are parked, in the order in which they came; all of one partition.
public struct ParkedKey: Sendable {
    public let entity: EntityID
    public let key: [String]
    public let partition: TopicPartition
    public let events: [ParkedEvent]
}

/// Why a key is parked that was tried again in vain.
public struct ParkedFailure: Sendable {
    public let reason: String
    public let sqlState: String?
    /// What is wrong, without row values.
    public let message: String
    public let obstacle: QuarantinedEvent.Obstacle?

    /// What a retry came to.
    public init(
        _ reason: String, sqlState: String? = nil, message: String, obstacle: QuarantinedEvent.Obstacle? = nil
    ) {
        self.reason = reason
        self.sqlState = sqlState
        self.message = message
        self.obstacle = obstacle
    }
}

extension Quarantine {
    /// Where the rows of a load are said to come from, before the wave's name.
    public static let baseline = "baseline/"

    /// The keys whose turn it is, oldest first: a person wants them tried, or nothing is before them any more, or they
    /// were set aside for one of some reasons, and their time has come. Not those of which it is known what row they wait for:
    /// see `arrived`.
    ///
    /// A key whose first parked event is a row that a load has set aside is not among them: see `loaded`.
    public func due(reasons: [String], flow: Flow, in partitions: [TopicPartition], limit: Int) throws -> [ParkedKey] {
        try keys(
            """
            (q.state = 'retrying' OR q.reason = ANY ($4::text[]) AND q.awaited IS NULL AND \(Self.isTime))
                AND \(Self.isIn) AND \(Self.isFirst)
            """, flow, partitions, limit, [.array(reasons)])
    }

    /// The entities of which keys wait for parents that are known.
    public func entitiesAwaiting(_ flow: Flow) throws -> [EntityID] {
        try connection.query(
            """
            SELECT DISTINCT entity_id FROM tidegate.quarantine
            WHERE state = 'parked' AND reason = 'missing-parent' AND awaited IS NOT NULL AND flow = $1
            """, [.text(flow.rawValue)]
        ).rows.compactMap { $0[0].flatMap(Int32.init).map(EntityID.init(rawValue:)) }
    }

    /// The keys of an entity that waited for parents which are there now.
    ///
    /// - Parameter isThere: whether the parent is, as SQL over `q.awaited`, the constraint, and `q.awaited_key`, the values
    ///   in its columns as text[].
    public func arrived(
        _ entity: EntityID, isThere: String, flow: Flow, in partitions: [TopicPartition], limit: Int
    ) throws -> [ParkedKey] {
        try keys(
            """
            q.entity_id = $4 AND q.awaited IS NOT NULL AND q.reason = 'missing-parent' AND q.state = 'parked'
                AND \(Self.isTime) AND \(Self.isIn) AND (\(isThere)) AND \(Self.isFirst)
            """, flow, partitions, limit, [.int(entity.rawValue)])
    }

    /// The keys of an entity that clash with other rows, whatever their partition, oldest first: they may clash with each
    /// other.
    public func clashing(_ entity: EntityID, flow: Flow, limit: Int) throws -> [ParkedKey] {
        try keys(
            """
            q.entity_id = $4 AND q.reason = 'conflict' AND q.state = 'parked' AND starts_with(q.topic, '\(Self.baseline)') IS FALSE
                AND $2::text[] IS NULL AND $3::integer[] IS NULL AND \(Self.isFirst)
            """, flow, nil, limit, [.int(entity.rawValue)])
    }

    /// The keys of an entity whose first parked event is a row that a load has set aside and whose turn it is.
    public func loaded(_ entity: EntityID, isThere: String, limit: Int) throws -> [ParkedKey] {
        try keys(
            """
            q.entity_id = $4 AND starts_with(q.topic, '\(Self.baseline)') AND $2::text[] IS NULL AND $3::integer[] IS NULL
                AND (q.state = 'retrying' OR q.reason IN ('missing-parent', 'conflict') AND \(Self.isTime)
                    AND (q.awaited IS NULL OR (\(isThere)))) AND \(Self.isFirst)
            """, .forward, nil, limit, [.int(entity.rawValue)])
    }

    /// How many keys of an entity wait for their parents.
    public func waiting(_ entity: EntityID, flow: Flow) throws -> Int {
        try connection.query(
            """
            SELECT count(DISTINCT key) FROM tidegate.quarantine
            WHERE entity_id = $1 AND flow = $2 AND reason = 'missing-parent' AND state IN ('parked', 'retrying')
            """, [.int(entity.rawValue), .text(flow.rawValue)]
        ).scalar.flatMap(Int.init) ?? 0
    }

    private static let isTime = "coalesce(q.retry_at <= clock_timestamp(), true)"

    private static let isIn = """
        (q.topic, q.partition) IN (SELECT t, p FROM unnest($2::text[], $3::integer[]) AS u (t, p))
        """

    private static let isFirst = """
        NOT EXISTS (SELECT FROM tidegate.quarantine o WHERE o.entity_id = q.entity_id AND o.key = q.key
            AND o.state IN ('parked', 'retrying') AND o.id < q.id)
        """

    private func keys(
        _ condition: String, _ flow: Flow, _ partitions: [TopicPartition]?, _ limit: Int, _ parameters: [Parameter]
    ) throws -> [ParkedKey] {
        let found = try connection.query(
            """
            WITH first AS MATERIALIZED (
                SELECT q.id, q.entity_id, q.key, q.topic, q.partition FROM tidegate.quarantine q
                WHERE q.flow = $1 AND q.key IS NOT NULL AND q.state IN ('parked', 'retrying') AND \(condition)
                ORDER BY q.id LIMIT \(limit))
            SELECT f.entity_id, f.key, f.topic, f.partition, q.id, q."offset", encode(q.event_key, 'hex'),
                encode(q.event_value, 'hex'),
                (SELECT array_agg(name ORDER BY name) FROM jsonb_object_keys(q.headers) AS name),
                (SELECT array_agg(encode(convert_to(q.headers->>name, 'UTF8'), 'hex') ORDER BY name)
                 FROM jsonb_object_keys(q.headers) AS name), q.reason, q.original_value IS NOT NULL
            FROM first f JOIN tidegate.quarantine q ON q.entity_id = f.entity_id AND q.key = f.key AND q.flow = $1
                AND q.topic = f.topic AND q.partition = f.partition AND q.state IN ('parked', 'retrying')
            ORDER BY f.id, q.id
            """,
            [
                .text(flow.rawValue), partitions.map { .array($0.map(\.topic)) } ?? .null,
                partitions.map { .array($0.map { "\($0.partition)" }) } ?? .null,
            ] + parameters)
        var keys: [ParkedKey] = []
        var events: [ParkedEvent] = []
        for index in 0..<found.rowCount {
            guard let entity = found[index, 0].flatMap(Int32.init), let text = found[index, 1],
                let key = PostgresArray.key(text), let topic = found[index, 2],
                let partition = found[index, 3].flatMap(Int32.init), let id = found[index, 4].flatMap(Int64.init),
                let offset = found[index, 5].flatMap(Int64.init)
            else { continue }
            let names = PostgresArray.key(found[index, 8]) ?? []
            let values = (PostgresArray.key(found[index, 9]) ?? []).map(Self.bytes)
            events.append(
                ParkedEvent(
                    id: id, offset: offset, eventKey: found[index, 6].map(Self.bytes),
                    eventValue: found[index, 7].map(Self.bytes),
                    headers: Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first }),
                    reason: found[index, 10] ?? "", isEdited: found[index, 11] == "t"))
            let isLast =
                index + 1 == found.rowCount || found[index + 1, 1] != text || found[index + 1, 0] != found[index, 0]
            guard isLast else { continue }
            keys.append(
                ParkedKey(
                    entity: EntityID(rawValue: entity), key: key,
                    partition: TopicPartition(topic: topic, partition: partition), events: events))
            events = []
        }
        return keys
    }

    /// Marks events as applied after all, and moves them in the account of their partition: from quarantined to applied
    /// and superseded. In the transaction that writes the rows.
    ///
    /// - Parameter applied: how many of them were not made obsolete by later ones.
    /// - Throws: `LedgerError` of code `fenced` when the partition was taken over, `wrongState` when a person has
    ///   discarded one meanwhile.
    public func resolve(_ events: some Collection<ParkedEvent>, applied: Int, in checkpoint: Checkpoint) throws {
        try resolve(events)
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
    }

    /// Marks rows that a load has set aside as written after all; no partition has counted them.
    public func resolve(_ events: some Collection<ParkedEvent>) throws {
        let resolved = try connection.query(
            """
            UPDATE tidegate.quarantine SET state = 'resolved', resolved_at = now()
            WHERE id = ANY ($1::bigint[]) AND state IN ('parked', 'retrying')
            """, [.array(events.map { "\($0.id)" })])
        guard resolved.affectedRows == events.count else {
            throw LedgerError(.wrongState, "a parked event was changed meanwhile")
        }
    }

    /// Those of some keys of an entity that have no parked event left.
    public func free(_ keys: [[String]], of entity: EntityID) throws -> Set<[String]> {
        let found = try connection.query(
            """
            SELECT k FROM unnest($2::text[]) AS u (k) WHERE NOT EXISTS (SELECT FROM tidegate.quarantine q
                WHERE q.entity_id = $1 AND q.key = k::text[] AND q.state IN ('parked', 'retrying'))
            """, [.int(entity.rawValue), .array(keys.map(Self.literal))])
        return Set(found.rows.compactMap { PostgresArray.key($0[0]) })
    }

    /// Says of the events of a key that trying them again did not help, because of one of them. The next time comes after a
    /// pause that doubles from a second to a minute, or when what they wait for has come.
    public func postpone(_ key: ParkedKey, because event: ParkedEvent?, _ failure: ParkedFailure) throws {
        let about = QuarantinedEvent.Waiting(failure.obstacle)
        try connection.query(
            """
            UPDATE tidegate.quarantine SET attempts = attempts + (state = 'retrying')::integer,
                tried_at = CASE state WHEN 'retrying' THEN now() ELSE tried_at END, state = 'parked', waits = waits + 1,
                retry_at = clock_timestamp() + least(power(2, least(waits, 10)), 60) * (0.75 + random() / 2) * interval '1 second',
                message = CASE WHEN id = $2 THEN $3 ELSE message END, reason = CASE WHEN id = $2 THEN $4 ELSE reason END,
                sqlstate = CASE WHEN id = $2 THEN $5 ELSE sqlstate END, held_by = $6::text[], awaited = $7,
                awaited_key = $8::text[]
            WHERE id = ANY ($1::bigint[]) AND state IN ('parked', 'retrying')
            """,
            [
                .array(key.events.map { "\($0.id)" }), .int(event?.id ?? 0), .text(failure.message),
                .text(failure.reason), .optional(failure.sqlState),
            ] + about.parameters)
    }

    /// A key as the text of an array.
    public static func literal(_ key: [String]) -> String {
        guard case .text(let text) = Parameter.array(key) else { return "{}" }
        return text
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
