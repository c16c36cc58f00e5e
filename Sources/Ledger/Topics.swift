public import LibPQ
public import Model

/// How many partitions the topics of a flow have, so that added ones are noticed.
///
/// A key may move to another partition when some are added. Its older events must be applied first, so the added partitions
/// are held until the others have been applied to where they ended when the first record was seen in an added one:
/// a producer that writes there knows of it, and sends that key nowhere else any more.
public struct Topics {
    private let connection: Connection

    /// The topics in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// A topic's partitions as the flow consumes them.
    public struct Width: Hashable, Sendable {
        /// Partitions that are consumed.
        public let consumed: Int
        /// Partitions since some were added that are held; nil when none are.
        public let grownTo: Int?
        /// Where the consumed ones ended, by number, when the first record was seen in an added one; nil until then.
        public let oldEnds: [Int64]?

        /// Whether a partition is held.
        public func holds(_ partition: Int32) -> Bool { grownTo != nil && partition >= consumed }
    }

    /// Notes how many partitions a topic has now, and answers with what is to be consumed. Growing again while partitions are
    /// held begins anew.
    public func note(_ count: Int, of topic: String, flow: Flow) throws -> Width {
        let result = try connection.query(
            """
            INSERT INTO tidegate.topic AS t (flow, topic, partitions) VALUES ($1, $2, $3)
            ON CONFLICT (flow, topic) DO UPDATE SET
                grown_to = CASE WHEN excluded.partitions > greatest(t.partitions, t.grown_to)
                    THEN excluded.partitions ELSE t.grown_to END,
                old_ends = CASE WHEN excluded.partitions > greatest(t.partitions, t.grown_to) THEN NULL ELSE t.old_ends END,
                changed_at = CASE WHEN excluded.partitions > greatest(t.partitions, t.grown_to)
                    THEN now() ELSE t.changed_at END
            RETURNING partitions, grown_to, old_ends
            """, [.text(flow.rawValue), .text(topic), .int(count)])
        guard let row = result.rows.first, let consumed = row.int("partitions") else {
            throw LedgerError(.malformed, "the partitions of \(topic)")
        }
        return Width(
            consumed: consumed, grownTo: row.int("grown_to"),
            oldEnds: PostgresArray.key(row["old_ends"])?.compactMap { Int64($0) })
    }

    /// Notes where the consumed partitions ended; what is noted already stays.
    public func note(ends: [Int64], of topic: String, flow: Flow) throws(PostgresError) {
        try connection.query(
            """
            UPDATE tidegate.topic SET old_ends = $3::bigint[]
            WHERE flow = $1 AND topic = $2 AND grown_to IS NOT NULL AND old_ends IS NULL
            """, [.text(flow.rawValue), .text(topic), .array(ends.map(String.init))])
    }

    /// The consumed partition that is furthest from where it has to be, if one is; otherwise the added ones are held no longer.
    public func release(_ topic: String, flow: Flow) throws -> (partition: Int, next: Int64, end: Int64)? {
        let behind = try connection.query(
            """
            SELECT e.number - 1, coalesce(c.next_offset, 0), e.log_end
            FROM tidegate.topic t CROSS JOIN LATERAL unnest(t.old_ends) WITH ORDINALITY AS e (log_end, number)
            LEFT JOIN tidegate.checkpoint c ON (c.flow, c.topic, c.partition) = (t.flow, t.topic, e.number - 1)
            WHERE t.flow = $1 AND t.topic = $2 AND coalesce(c.next_offset, 0) < e.log_end
            ORDER BY e.log_end - coalesce(c.next_offset, 0) DESC LIMIT 1
            """, [.text(flow.rawValue), .text(topic)])
        if let row = behind.rows.first {
            guard let partition = row[0].flatMap(Int.init), let next = row[1].flatMap(Int64.init),
                let end = row[2].flatMap(Int64.init)
            else { throw LedgerError(.malformed, "the ends of \(topic)") }
            return (partition, next, end)
        }
        try connection.query(
            """
            UPDATE tidegate.topic SET partitions = grown_to, grown_to = NULL, old_ends = NULL, changed_at = now()
            WHERE flow = $1 AND topic = $2 AND old_ends IS NOT NULL
            """, [.text(flow.rawValue), .text(topic)])
        return nil
    }
}
