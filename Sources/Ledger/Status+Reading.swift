public import LibPQ

extension Status {
    /// Reads the ledger in one snapshot.
    public init(on connection: Connection) throws {
        self = try connection.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") {
            try Status(
                partitions: Self.partitions(connection), scopes: Self.scopes(connection),
                quarantine: Self.quarantine(connection), stalls: Self.stalls(connection),
                deadLetters: Self.deadLetters(connection), defects: Self.defects(connection),
                throttles: Self.throttles(connection), drifts: Contracts(on: connection).drifts())
        }
    }

    private static func partitions(_ connection: Connection) throws -> [PartitionStatus] {
        try connection.query(partitionsSQL).rows.map { row in
            let reasons = PostgresArray.elements(row["reasons"] ?? "{}") ?? []
            let events = PostgresArray.elements(row["events"] ?? "{}") ?? []
            let skippedBy = zip(reasons, events).map { ($0 ?? "", $1.flatMap { Int($0) } ?? 0) }
            return PartitionStatus(
                flow: row["flow"] ?? "", topic: row["topic"] ?? "", partition: row.int("partition") ?? 0,
                nextOffset: row.int("next_offset"), owner: row["owner"], consumed: row.int("consumed") ?? 0,
                applied: row.int("applied") ?? 0, superseded: row.int("superseded") ?? 0,
                skipped: row.int("skipped") ?? 0, quarantined: row.int("quarantined") ?? 0,
                skippedBy: Dictionary(skippedBy, uniquingKeysWith: +),
                sourceAge: row["age"].flatMap { Double($0) })
        }
    }

    private static func scopes(_ connection: Connection) throws -> [ScopeStatus] {
        try connection.query(scopesSQL).rows.map { row in
            ScopeStatus(
                wave: row["wave"] ?? "", entity: row["entity"] ?? "", state: row["state"] ?? "",
                origin: row["origin"] ?? "", handover: row["handover"] ?? "", chunks: row.int("chunks") ?? 0,
                chunksMerged: row.int("merged") ?? 0, chunksRunning: row.int("running") ?? 0,
                rows: row.int("rows") ?? 0, rowsEstimated: row.int("estimated") ?? 0, bytes: row.int("bytes") ?? 0,
                isSealed: row.bool("sealed") ?? false, touched: row.int("touched") ?? 0,
                reread: row.int("reread") ?? 0)
        }
    }

    private static func quarantine(_ connection: Connection) throws -> [QuarantineStatus] {
        try connection.query(
            """
            SELECT q.flow, e.name AS entity, q.reason, q.state, count(*) AS events,
                extract(epoch FROM clock_timestamp() - min(q.created_at)) AS age
            FROM tidegate.quarantine q LEFT JOIN tidegate.entity e ON e.id = q.entity_id
            GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            """
        ).rows.map { row in
            QuarantineStatus(
                flow: row["flow"] ?? "", entity: row["entity"], reason: row["reason"] ?? "", state: row["state"] ?? "",
                events: row.int("events") ?? 0, secondsSinceOldest: row["age"].flatMap { Double($0) } ?? 0)
        }
    }

    private static func stalls(_ connection: Connection) throws -> [StallStatus] {
        try connection.query(
            """
            SELECT flow, topic, partition, state, reason, next_offset, position, attempts,
                extract(epoch FROM clock_timestamp() - since) AS age,
                CASE WHEN isfinite(next_attempt) THEN extract(epoch FROM next_attempt - clock_timestamp()) END AS wait
            FROM tidegate.stall ORDER BY since, flow, topic, partition
            """
        ).rows.map { row in
            StallStatus(
                flow: row["flow"] ?? "", topic: row["topic"] ?? "", partition: row.int("partition") ?? 0,
                state: row["state"] ?? "", reason: row["reason"] ?? "", nextOffset: row.int("next_offset"),
                position: row["position"], attempts: row.int("attempts") ?? 0,
                secondsSince: row["age"].flatMap { Double($0) } ?? 0,
                secondsToNextAttempt: row["wait"].flatMap { Double($0) }.map { max(0, $0) })
        }
    }

    private static func deadLetters(_ connection: Connection) throws -> [DeadLetterStatus] {
        try connection.query(
            """
            SELECT flow, count(published_at) AS published, count(*) FILTER (WHERE published_at IS NULL) AS failed,
                (array_agg(publish_error ORDER BY id DESC) FILTER (WHERE publish_error IS NOT NULL))[1] AS error
            FROM tidegate.quarantine WHERE published_at IS NOT NULL OR publish_error IS NOT NULL GROUP BY 1 ORDER BY 1
            """
        ).rows.map { row in
            DeadLetterStatus(
                flow: row["flow"] ?? "", published: row.int("published") ?? 0, failed: row.int("failed") ?? 0,
                error: row["error"])
        }
    }

    private static func defects(_ connection: Connection) throws -> [DefectStatus] {
        try connection.query(
            """
            SELECT e.name AS entity, d.defect, d.action, d.wave, d.baseline_rows, d.stream_events
            FROM tidegate.defect_count d JOIN tidegate.entity e ON e.id = d.entity_id ORDER BY 1, 2, 4, 3
            """
        ).rows.map { row in
            DefectStatus(
                entity: row["entity"] ?? "", defect: row["defect"] ?? "", action: row["action"] ?? "",
                wave: row["wave"].flatMap { $0.isEmpty ? nil : $0 }, baselineRows: row.int("baseline_rows") ?? 0,
                streamEvents: row.int("stream_events") ?? 0)
        }
    }

    private static func throttles(_ connection: Connection) throws -> [ThrottleStatus] {
        try connection.query(throttlesSQL).rows.map { row in
            ThrottleStatus(
                worker: row["worker"] ?? "", wave: row["wave"] ?? "", share: row["share"].flatMap { Double($0) },
                factor: row["factor"], reason: row["reason"], secondsSince: row["age"].flatMap { Double($0) } ?? 0)
        }
    }

    private static let partitionsSQL = """
        SELECT c.flow, c.topic, c.partition, c.next_offset, c.owner, c.consumed, c.applied, c.superseded, c.skipped,
            c.quarantined, extract(epoch FROM clock_timestamp() - c.source_time) AS age, s.reasons, s.events
        FROM tidegate.checkpoint c
        LEFT JOIN LATERAL (
            SELECT array_agg(reason ORDER BY reason) AS reasons, array_agg(events ORDER BY reason) AS events
            FROM tidegate.skip_count k
            WHERE (k.flow, k.topic, k.partition) = (c.flow, c.topic, c.partition)) s ON true
        ORDER BY c.flow, c.topic, c.partition
        """

    private static let throttlesSQL = """
        SELECT w.name AS worker, t.wave, t.share, t.factor, t.reason,
            extract(epoch FROM clock_timestamp() - t.since) AS age
        FROM tidegate.throttle t JOIN tidegate.worker w ON w.id = t.worker_id
        WHERE \(Workers.isAlive("t.worker_id")) ORDER BY w.name, t.worker_id
        """

    private static let scopesSQL = """
        SELECT s.wave, e.name AS entity, s.state, s.origin, s.handover, s.sealed_at IS NOT NULL AS sealed,
            c.chunks, c.merged, c.running, c.rows, coalesce(c.estimated, s.rows_estimated, 0) AS estimated, c.bytes,
            (SELECT count(*) FROM tidegate.touched t WHERE t.entity_id = s.entity_id AND s.state = 'loading') AS touched,
            (SELECT count(*) FROM tidegate.reread r WHERE r.entity_id = s.entity_id) AS reread
        FROM tidegate.scope s JOIN tidegate.entity e ON e.id = s.entity_id
        LEFT JOIN LATERAL (
            SELECT count(*) AS chunks, count(*) FILTER (WHERE state = 'merged') AS merged,
                count(*) FILTER (WHERE state = 'running') AS running, sum(rows) AS rows, sum(bytes) AS bytes,
                sum(coalesce(rows, rows_estimated)) AS estimated
            FROM tidegate.chunk c WHERE c.entity_id = s.entity_id AND c.wave = s.wave) c ON true
        ORDER BY s.started_at, s.wave, e.name
        """
}
