import LibPQ
public import Model

/// Which events of the quarantine are meant.
public struct QuarantineFilter: Sendable {
    /// The events' numbers; empty for any.
    public var ids: [Int64] = []
    public var entity: EntityName?
    public var key: [String]?
    public var reason: String?
    /// Whether those are meant, too, that are resolved or discarded.
    public var includesDone = false

    /// Every event that is parked.
    public init() {}

    /// Whether it names anything.
    public var isEmpty: Bool { ids.isEmpty && entity == nil && key == nil && reason == nil }

    fileprivate var condition: String {
        """
        ($1::bigint[] = '{}' OR q.id = ANY ($1::bigint[])) AND ($2::text IS NULL OR e.name = $2)
            AND ($3::text[] IS NULL OR q.key = $3::text[]) AND ($4::text IS NULL OR q.reason = $4)
            AND ($5 OR q.state IN ('parked', 'retrying'))
        """
    }

    fileprivate var parameters: [Parameter] {
        [
            .array(ids.map(String.init)), .optional(entity?.rawValue), key.map { .array($0) } ?? .null,
            .optional(reason), .bool(includesDone),
        ]
    }
}

/// An event of the quarantine, without what is in it.
public struct QuarantineEntry: Hashable, Sendable, Encodable {
    public let id: Int64
    public let state: String
    public let entity: String?
    /// The source key, when it could be read.
    public let key: [String]?
    public let reason: String
    public let sqlState: String?
    /// What was wrong, without row values.
    public let message: String
    /// The Kafka record, `topic[partition]@offset`.
    public let record: String
    /// When it was set aside, in ISO 8601, UTC.
    public let since: String
    public let secondsSince: Double
    /// How often a person had it retried.
    public let attempts: Int
    /// Whether a person has edited its value.
    public let isEdited: Bool
}

/// An event of the quarantine with everything that came with it.
public struct QuarantineContent: Hashable, Sendable, Encodable {
    public let entry: QuarantineEntry
    public let eventKey: String?
    public let eventValue: String?
    /// The value as it came, of an event that a person has edited.
    public let originalValue: String?
    /// Of a conflict: the target key of the row that has the unique value.
    public let heldBy: [String]?
    /// Of a missing parent: what is looked for in the columns that the foreign key refers to.
    public let awaitedKey: [String]?
    /// The headers, as JSON text.
    public let headers: String?
}

extension Quarantine {
    /// The events that a filter means, oldest first.
    public func entries(_ filter: QuarantineFilter, limit: Int? = nil) throws -> [QuarantineEntry] {
        try rows(filter, limit).rows.map(entry)
    }

    /// The same with what is in them. Bytes that are no UTF-8 are shown in hexadecimal, after `\x`.
    public func contents(_ filter: QuarantineFilter, limit: Int? = nil) throws -> [QuarantineContent] {
        try rows(filter, limit).rows.map { row in
            QuarantineContent(
                entry: entry(row), eventKey: text(row["event_key"]), eventValue: text(row["event_value"]),
                originalValue: text(row["original_value"]), heldBy: PostgresArray.key(row["held_by"]),
                awaitedKey: PostgresArray.key(row["awaited_key"]), headers: row["headers"])
        }
    }

    /// Has the keys of the events that a filter means applied again, each with all its events in order, by the process
    /// that has their partition.
    ///
    /// - Returns: how many events are to be applied.
    public func retry(_ filter: QuarantineFilter) throws -> Int {
        try audited(.eventsRetried, filter) { ids in try release(ids) }
    }

    /// Gives the events up that a filter means: they will never be applied. What queued behind them is applied.
    ///
    /// - Returns: how many events are given up.
    public func discard(_ filter: QuarantineFilter, reason: String) throws -> Int {
        try audited(.eventsDiscarded, filter, ["why": reason]) { ids in
            let count = try connection.query(
                "UPDATE tidegate.quarantine SET state = 'discarded', resolved_at = now() WHERE id = ANY ($1::bigint[])",
                [ids]
            ).affectedRows
            _ = try release(ids)
            return count
        }
    }

    /// Puts another value in an event's place and has its key applied again.
    public func edit(_ id: Int64, value: String, reason: String) throws -> Int {
        var filter = QuarantineFilter()
        filter.ids = [id]
        return try audited(.eventsEdited, filter, ["why": reason]) { ids in
            try connection.query(
                """
                UPDATE tidegate.quarantine SET original_value = coalesce(original_value, event_value),
                    event_value = convert_to($2, 'UTF8') WHERE id = ANY ($1::bigint[])
                """, [ids, .text(value)])
            return try release(ids)
        }
    }

    // MARK: How

    private static let listed = """
        SELECT q.id, q.state, e.name AS entity, q.key, q.reason, q.sqlstate, q.message,
            q.topic || '[' || q.partition || ']@' || q."offset" AS record,
            to_char(q.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
            extract(epoch FROM clock_timestamp() - q.created_at) AS age, q.attempts,
            q.original_value IS NOT NULL AS is_edited, q.held_by, q.awaited_key, encode(q.event_key, 'hex') AS event_key,
            encode(q.event_value, 'hex') AS event_value, encode(q.original_value, 'hex') AS original_value, q.headers
        FROM tidegate.quarantine q LEFT JOIN tidegate.entity e ON e.id = q.entity_id
        """

    private func rows(_ filter: QuarantineFilter, _ limit: Int?) throws -> Result {
        try connection.query(
            "\(Self.listed) WHERE \(filter.condition) ORDER BY q.id LIMIT $6::bigint",
            filter.parameters + [limit.map { .int($0) } ?? .null])
    }

    private func entry(_ row: Row) -> QuarantineEntry {
        QuarantineEntry(
            id: row["id"].flatMap(Int64.init) ?? 0, state: row["state"] ?? "", entity: row["entity"],
            key: PostgresArray.key(row["key"]), reason: row["reason"] ?? "", sqlState: row["sqlstate"],
            message: row["message"] ?? "", record: row["record"] ?? "", since: row["since"] ?? "",
            secondsSince: row["age"].flatMap { Double($0) } ?? 0, attempts: row.int("attempts") ?? 0,
            isEdited: row.bool("is_edited") ?? false)
    }

    private func text(_ hex: String?) -> String? {
        hex.map { String(validating: Self.bytes($0), as: UTF8.self) ?? "\\x\($0)" }
    }

    /// Does something to parked events in one transaction, with a line of the audit trail for each key.
    private func audited(
        _ action: AuditAction, _ filter: QuarantineFilter, _ detail: [String: String] = [:],
        _ body: (_ ids: Parameter) throws -> Int
    ) throws -> Int {
        var filter = filter
        filter.includesDone = false
        return try connection.transaction {
            // A lane that applies one of them now is waited for.
            let held = try connection.query(
                """
                SELECT q.id, e.name, q.key, q.reason, q.topic || '[' || q.partition || ']@' || q."offset"
                FROM tidegate.quarantine q LEFT JOIN tidegate.entity e ON e.id = q.entity_id
                WHERE \(filter.condition) ORDER BY q.id FOR UPDATE OF q
                """, filter.parameters)
            guard held.rowCount > 0 else { return 0 }
            let count = try body(.array(held.rows.compactMap { $0[0] }))
            let lines = held.rows.map { row in
                Audit.Line(
                    subject: "entity \(row[1] ?? "unknown"), event \(row[0] ?? "")",
                    detail: detail.merging(["reason": row[3] ?? ""]) { $1 }, correlation: row[4])
            }
            try Audit(on: connection).record(action, lines)
            return count
        }
    }

    /// Has the keys of some events applied again, as far as events of theirs are parked.
    private func release(_ ids: Parameter) throws -> Int {
        try connection.query(
            """
            UPDATE tidegate.quarantine AS q SET state = 'retrying' WHERE q.state IN ('parked', 'retrying') AND q.key IS NOT NULL
                AND EXISTS (SELECT FROM tidegate.quarantine o WHERE o.id = ANY ($1::bigint[])
                    AND (o.flow, o.entity_id, o.key) = (q.flow, q.entity_id, q.key))
            """, [ids]
        ).affectedRows
    }
}
