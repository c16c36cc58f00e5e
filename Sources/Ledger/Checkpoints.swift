public import LibPQ
public import Model

/// The checkpoints: what makes each event's effect happen once.
///
/// A lane claims its partitions, which makes every older claim worthless, seeks to what the claim returned, and from
/// then on moves each checkpoint in the transaction that writes the rows, by compare-and-swap on offset and fence. A
/// process that was paused, or thrown out of its consumer group without noticing, fails there and writes nothing.
public struct Checkpoints {
    private let connection: Connection

    /// The checkpoints in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Takes partitions over, making them known if they are new.
    ///
    /// - Returns: where to go on, for each partition.
    public func claim(flow: Flow, partitions: [TopicPartition], owner: String) throws -> [TopicPartition: Checkpoint] {
        guard !partitions.isEmpty else { return [:] }
        let sorted = partitions.sorted()
        let result = try connection.query(
            """
            INSERT INTO tidegate.checkpoint AS c (flow, topic, partition, fence, owner)
            SELECT $1, topic, partition, 1, $4 FROM unnest($2::text[], $3::integer[]) AS u (topic, partition)
            ORDER BY topic COLLATE "C", partition
            ON CONFLICT (flow, topic, partition) DO UPDATE SET fence = c.fence + 1, owner = excluded.owner,
                updated_at = now()
            RETURNING topic, partition, next_offset, position, fence, last_record
            """,
            [
                .text(flow.rawValue), .array(sorted.map(\.topic)), .array(sorted.map { String($0.partition) }),
                .text(owner),
            ])
        return Dictionary(
            try read(result, flow: flow).map { ($0.partition, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What the ledger holds, for looking only: to write, claim.
    public func find(flow: Flow, topic: String) throws -> [TopicPartition: Checkpoint] {
        let result = try connection.query(
            """
            SELECT topic, partition, next_offset, position, fence, last_record FROM tidegate.checkpoint
            WHERE flow = $1 AND topic = $2
            """, [.text(flow.rawValue), .text(topic)])
        return Dictionary(
            try read(result, flow: flow).map { ($0.partition, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Sends a flow back to the beginning of a topic, for a baseline that is older than what was consumed. Lanes that
    /// hold its partitions are fenced off and claim again. What was accounted for stays counted.
    public func rewind(flow: Flow, topic: String) throws {
        try connection.query(
            """
            UPDATE tidegate.checkpoint
            SET next_offset = NULL, position = NULL, last_record = NULL, owner = NULL, fence = fence + 1, updated_at = now()
            WHERE flow = $1 AND topic = $2
            """, [.text(flow.rawValue), .text(topic)])
    }

    /// Notes where partitions begin of which nothing was consumed yet: what they drop from now on is missed, though no sync
    /// has seen them.
    public func begin(flow: Flow, at places: [TopicPartition: Int64]) throws(PostgresError) {
        let sorted = places.sorted { $0.key < $1.key }
        try connection.query(
            """
            INSERT INTO tidegate.checkpoint AS c (flow, topic, partition, next_offset)
            SELECT $1, topic, partition, start FROM unnest($2::text[], $3::integer[], $4::bigint[])
                AS u (topic, partition, start)
            ON CONFLICT (flow, topic, partition) DO UPDATE SET next_offset = excluded.next_offset
            WHERE c.next_offset IS NULL
            """,
            [
                .text(flow.rawValue), .array(sorted.map(\.key.topic)),
                .array(sorted.map { String($0.key.partition) }), .array(sorted.map { String($0.value) }),
            ])
    }

    /// Sends a flow to other places, in the transaction that `connection` is in. Lanes that hold the partitions are fenced
    /// off and claim again.
    func move(_ moves: [CheckpointMove], flow: Flow) throws(PostgresError) {
        for move in moves.sorted(by: { $0.partition < $1.partition }) {
            try connection.query(
                """
                UPDATE tidegate.checkpoint
                SET next_offset = $4::bigint, position = CASE WHEN $5 THEN position END, last_record = NULL, owner = NULL,
                    fence = fence + 1, updated_at = now()
                WHERE flow = $1 AND topic = $2 AND partition = $3::integer
                """,
                [
                    .text(flow.rawValue), .text(move.partition.topic), .int(move.partition.partition), .int(move.to),
                    .text(move.keepsPosition ? "t" : "f"),
                ])
        }
    }

    /// Partitions that were rewound and that nobody has claimed since: an owner without events would not notice.
    public func rewound(flow: Flow) throws -> Set<TopicPartition> {
        let result = try connection.query(
            "SELECT topic, partition FROM tidegate.checkpoint WHERE flow = $1 AND owner IS NULL",
            [.text(flow.rawValue)])
        return Set(
            result.rows.compactMap { row in
                guard let topic = row[0], let partition = row[1].flatMap(Int32.init) else { return nil }
                return TopicPartition(topic: topic, partition: partition)
            })
    }

    /// Takes a step, in the transaction that `connection` is in.
    ///
    /// - Throws: `LedgerError` of code `fenced`: roll back, and claim again if the partition is still yours.
    public func advance(_ steps: [CheckpointAdvance]) throws {
        for step in steps {
            let result = try connection.query(
                Checkpoints.advance.sql, Checkpoints.advanceParameters(step))
            try Checkpoints.confirm(result, step)
        }
    }

    /// The compare-and-swap: prepare it once, queue it with `advanceParameters`, and give its result to `confirm`
    /// before the transaction commits.
    public static let advance = LedgerStatement(
        name: "tidegate_advance",
        sql: """
            WITH advanced AS (
                UPDATE tidegate.checkpoint
                SET next_offset = $6::bigint, position = coalesce($7::text, position),
                    consumed = consumed + $8::bigint, applied = applied + $9::bigint,
                    superseded = superseded + $10::bigint, skipped = skipped + $11::bigint,
                    quarantined = quarantined + $12::bigint,
                    source_time = coalesce(to_timestamp($13::bigint / 1000.0), source_time),
                    last_record = $16::text, updated_at = clock_timestamp()
                WHERE flow = $1 AND topic = $2 AND partition = $3::integer
                    AND next_offset IS NOT DISTINCT FROM $4::bigint AND fence = $5::bigint
                RETURNING true
            ), counted AS (
                INSERT INTO tidegate.skip_count AS s (flow, topic, partition, reason, events)
                SELECT $1, $2, $3::integer, reason, events
                FROM unnest($14::text[], $15::bigint[]) AS u (reason, events) WHERE EXISTS (SELECT FROM advanced)
                ON CONFLICT (flow, topic, partition, reason) DO UPDATE SET events = s.events + excluded.events
            )
            SELECT count(*) FROM advanced
            """)

    /// The parameters of `advance`.
    public static func advanceParameters(_ step: CheckpointAdvance) -> [Parameter] {
        let accounting = step.accounting
        let reasons = accounting.skipped.filter { $0.value != 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
        return [
            .text(step.from.flow.rawValue), .text(step.from.partition.topic), .int(Int(step.from.partition.partition)),
            step.from.nextOffset.map { .int(Int($0)) } ?? .null, .int(Int(step.from.fence)),
            .int(Int(step.nextOffset)), step.position.map { .text($0.description) } ?? .null,
            .int(accounting.consumed), .int(accounting.applied), .int(accounting.superseded),
            .int(accounting.skippedTotal), .int(accounting.quarantined),
            step.sourceMillis.map { .int(Int($0)) } ?? .null,
            .array(reasons.map(\.key.rawValue)), .array(reasons.map { String($0.value) }),
            .optional(step.lastRecord?.description),
        ]
    }

    /// Throws unless the step was taken.
    public static func confirm(_ result: Result, _ step: CheckpointAdvance) throws(LedgerError) {
        guard result.scalar == "1" else {
            throw LedgerError(
                .fenced, "\(step.from.partition) was taken over since it was claimed with fence \(step.from.fence)")
        }
    }

    private func read(_ result: Result, flow: Flow) throws(LedgerError) -> [Checkpoint] {
        var found: [Checkpoint] = []
        for row in result.rows {
            guard let topic = row[0], let partition = row[1].flatMap(Int32.init), let fence = row[4].flatMap(Int64.init)
            else { throw LedgerError(.malformed, "a checkpoint") }
            let position = row[3].flatMap { SourcePosition($0) }
            guard row[3] == nil || position != nil else {
                throw LedgerError(.malformed, "the position of \(topic)[\(partition)]")
            }
            found.append(
                Checkpoint(
                    flow: flow, partition: TopicPartition(topic: topic, partition: partition),
                    nextOffset: row[2].flatMap(Int64.init), position: position, fence: fence,
                    lastRecord: row[5].flatMap { RecordMark($0) }))
        }
        return found
    }
}
