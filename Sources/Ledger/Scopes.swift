public import LibPQ
public import Model

/// The scopes of entities and their way from pending to live.
///
/// Every change is made in one transaction that holds the entity's lock exclusively and moves the entity's version, so
/// that each apply transaction runs wholly before or wholly after it.
public struct Scopes {
    let connection: Connection

    /// The scopes in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Reads an entity's version; run it under the entity's lock, with the entity's number as its parameter.
    public static let version = LedgerStatement(
        name: "tidegate_version", sql: "SELECT version FROM tidegate.entity WHERE id = $1::integer")

    /// Reads an entity's scopes and merged ranges, within the transaction that holds the lock or by itself.
    public func read(_ entity: EntityID) throws -> EntityScopes {
        let id = Parameter.int(Int(entity.rawValue))
        let found = try connection.query("SELECT version, truncated FROM tidegate.entity WHERE id = $1::integer", [id])
        guard let row = found.rows.first, let version = row[0].flatMap(Int64.init) else {
            throw LedgerError(.missing, "no entity has number \(entity)")
        }
        let truncated = row[1].flatMap { SourcePosition($0) }
        guard row[1] == nil || truncated != nil else {
            throw LedgerError(.malformed, "the position of a truncate")
        }
        let rows = try connection.query(
            """
            SELECT wave, state, origin, handover, started_snapshot, settled_at IS NOT NULL AS settled,
                planned_at IS NOT NULL AS planned, seal_snapshot, seal_lsn, sealed_at IS NOT NULL AS sealed, again
            FROM tidegate.scope WHERE entity_id = $1
            """, [id])
        var scopes: [WaveName: ScopeRecord] = [:]
        for row in rows.rows {
            let record = try ScopeRecord(row, entity: entity)
            scopes[record.wave] = record
        }
        let merged = try connection.query(
            """
            SELECT c.low, c.high, c.snapshot FROM tidegate.chunk c
            JOIN tidegate.scope s ON s.entity_id = c.entity_id AND s.wave = c.wave
            WHERE c.entity_id = $1 AND c.state = 'merged' AND s.state = 'loading' AND s.handover = 'snapshot'
            ORDER BY c.ordinal
            """, [id])
        return EntityScopes(
            entity: entity, version: version, truncated: truncated, scopes: scopes,
            merged: try merged.rows.map { row in
                guard let snapshot = row[2].flatMap({ TransactionSnapshot($0) }) else {
                    throw LedgerError(.malformed, "the snapshot of a merged chunk")
                }
                return MergedRange(
                    range: KeyRange(low: PostgresArray.key(row[0]), high: PostgresArray.key(row[1])),
                    snapshot: snapshot)
            }, watched: try WatchedRanges(on: connection).bounds(entity))
    }

    /// Changes a pending scope to loading. Idempotent for a scope that is loading already.
    ///
    /// - Returns: the scope as it is now; `live` when there is nothing more to load.
    /// - Throws: `LedgerError` of code `busy` when another wave of the entity is loading.
    public func begin(
        _ entity: EntityID, wave: WaveName, origin: BaselineOrigin, handover: HandoverMode
    ) throws -> ScopeRecord {
        try changing(entity) {
            let known = try read(entity)
            if let record = known.scopes[wave], record.state != .pending { return record }
            if let other = known.loading {
                throw LedgerError(
                    .busy, "wave \(other.wave) of this entity is being loaded; one at a time: finish that load first")
            }
            try connection.query(
                """
                INSERT INTO tidegate.scope AS s (entity_id, wave, state, origin, handover, started_at)
                VALUES ($1, $2, 'loading', $3, $4, now())
                ON CONFLICT (entity_id, wave) DO UPDATE SET state = 'loading', origin = excluded.origin,
                    handover = excluded.handover, started_at = now()
                """,
                [
                    .int(Int(entity.rawValue)), .text(wave.rawValue), .text(origin.rawValue),
                    .text(handover.rawValue),
                ])
            // Certificates were about the waves before it.
            try WatchedRanges(on: connection).forget(entity)
            try audit(.scopeLoading, entity, wave, ["origin": origin.rawValue])
            return try scope(entity, wave)
        }
    }

    /// Notes the source's snapshot after the change to loading; a snapshot that is there already stays.
    public func start(_ entity: EntityID, wave: WaveName, snapshot: TransactionSnapshot) throws -> ScopeRecord {
        try connection.query(
            """
            UPDATE tidegate.scope SET started_snapshot = $3::pg_snapshot
            WHERE entity_id = $1 AND wave = $2 AND started_snapshot IS NULL
            """, [.int(Int(entity.rawValue)), .text(wave.rawValue), .text(snapshot.description)])
        return try scope(entity, wave)
    }

    /// Notes that all transactions in progress in the started snapshot have ended.
    public func settle(_ entity: EntityID, wave: WaveName) throws {
        try connection.query(
            "UPDATE tidegate.scope SET settled_at = now() WHERE entity_id = $1 AND wave = $2",
            [.int(Int(entity.rawValue)), .text(wave.rawValue)])
    }

    /// Notes what the stream must pass. A seal that is there already stays. Refused while a chunk is not merged.
    public func seal(_ entity: EntityID, wave: WaveName, _ seal: Seal) throws {
        let result = try connection.query(
            """
            UPDATE tidegate.scope s
            SET seal_snapshot = $3::pg_snapshot, seal_lsn = $4::pg_lsn, sealed_at = now(), seal_offsets = NULL
            WHERE entity_id = $1 AND wave = $2 AND state = 'loading' AND sealed_at IS NULL AND NOT EXISTS (
                SELECT FROM tidegate.chunk c
                WHERE c.entity_id = s.entity_id AND c.wave = s.wave AND c.state <> 'merged')
            """,
            [
                .int(Int(entity.rawValue)), .text(wave.rawValue), .optional(seal.snapshot?.description),
                .optional(seal.position?.description),
            ])
        if result.affectedRows == 1 { return }
        guard try scope(entity, wave).seal != nil else {
            throw LedgerError(.wrongState, "wave \(wave) cannot be sealed: a chunk is not merged, or it is not loading")
        }
    }

    /// Notes the log ends that the checkpoints must reach.
    public func bound(_ entity: EntityID, wave: WaveName, offsets: [TopicPartition: Int64]) throws {
        let ends = offsets.sorted { $0.key < $1.key }
        try connection.query(
            """
            UPDATE tidegate.scope SET seal_offsets = (
                SELECT coalesce(jsonb_agg(jsonb_build_object('topic', t, 'partition', p, 'end', e)), '[]')
                FROM unnest($3::text[], $4::integer[], $5::bigint[]) AS u (t, p, e))
            WHERE entity_id = $1 AND wave = $2
            """,
            [
                .int(Int(entity.rawValue)), .text(wave.rawValue), .array(ends.map(\.key.topic)),
                .array(ends.map { String($0.key.partition) }), .array(ends.map { String($0.value) }),
            ])
    }

    /// The log ends that were noted, or nil.
    public func bounds(_ entity: EntityID, wave: WaveName) throws -> [TopicPartition: Int64]? {
        let result = try connection.query(
            """
            SELECT b->>'topic', b->>'partition', b->>'end'
            FROM tidegate.scope s CROSS JOIN LATERAL jsonb_array_elements(
                CASE WHEN s.seal_offsets = '[]' THEN '[{}]' ELSE s.seal_offsets END) AS b
            WHERE s.entity_id = $1 AND s.wave = $2 AND s.seal_offsets IS NOT NULL
            """, [.int(Int(entity.rawValue)), .text(wave.rawValue)])
        guard result.rowCount > 0 else { return nil }
        var ends: [TopicPartition: Int64] = [:]
        for row in result.rows {
            guard let topic = row[0], let partition = row[1].flatMap(Int32.init), let end = row[2].flatMap(Int64.init)
            else { continue }
            ends[TopicPartition(topic: topic, partition: partition)] = end
        }
        return ends
    }

    /// Changes a sealed scope to live: baseline and stream are joined, the touched keys are dropped. Idempotent.
    public func finish(_ entity: EntityID, wave: WaveName) throws {
        try changing(entity) {
            let record = try scope(entity, wave)
            if record.state == .live { return }
            guard record.state == .loading, record.seal != nil else {
                throw LedgerError(.wrongState, "wave \(wave) is not sealed")
            }
            let id = Parameter.int(Int(entity.rawValue))
            try connection.query(
                "UPDATE tidegate.scope SET state = 'live', live_at = now() WHERE entity_id = $1 AND wave = $2",
                [id, .text(wave.rawValue)])
            try connection.query("DELETE FROM tidegate.touched WHERE entity_id = $1", [id])
            // Both halves of these key changes have passed; the one that picks up came first, and found its row elsewhere.
            try connection.query(
                """
                DELETE FROM tidegate.moved AS m USING tidegate.scope AS s
                WHERE m.entity_id = $1 AND s.entity_id = $1 AND s.wave = $2 AND tidegate.sees(s.seal_snapshot, m.xid)
                """, [id, .text(wave.rawValue)])
            try audit(.scopeLive, entity, wave)
        }
    }

    /// Forgets that a wave's scopes were ever started: its changes are skipped as pending again. Part of the transaction
    /// that takes their rows out of the target, which holds the entities' locks exclusively.
    public func forget(_ entities: [EntityID], wave: WaveName) throws {
        for entity in entities {
            let parameters = [Parameter.int(Int(entity.rawValue)), .text(wave.rawValue)]
            if try read(entity).scopes[wave]?.state == .loading {
                for table in ["touched", "reread"] {
                    try connection.query("DELETE FROM tidegate.\(table) WHERE entity_id = $1", [parameters[0]])
                }
            }
            for table in ["manifest_image", "manifest", "defect_count", "chunk", "scope"] {
                try connection.query("DELETE FROM tidegate.\(table) WHERE entity_id = $1 AND wave = $2", parameters)
            }
            try Entities(on: connection).bumpVersion(entity)
        }
    }

    func audit(
        _ action: AuditAction, _ entity: EntityID, _ wave: WaveName, _ detail: [String: String] = [:]
    ) throws {
        let name = try connection.query(
            "SELECT name FROM tidegate.entity WHERE id = $1", [.int(Int(entity.rawValue))]
        ).scalar
        try Audit(on: connection).record(action, subject: "wave \(wave) of \(name ?? "")", detail: detail)
    }

    /// Runs `body` in a transaction that holds the entity's lock exclusively, and moves the version.
    func changing<T>(_ entity: EntityID, _ body: () throws -> T) throws -> T {
        try connection.transaction {
            try connection.execute(entity.lock(.change))
            let value = try body()
            try Entities(on: connection).bumpVersion(entity)
            return value
        }
    }

    /// A scope that was started.
    public func scope(_ entity: EntityID, _ wave: WaveName) throws -> ScopeRecord {
        guard let record = try read(entity).scopes[wave] else {
            throw LedgerError(.wrongState, "wave \(wave) of this entity was never started")
        }
        return record
    }
}

extension ScopeRecord {
    init(_ row: Row, entity: EntityID) throws(LedgerError) {
        guard let wave = row["wave"], let state = row["state"].flatMap(ScopeState.init(rawValue:)),
            let origin = row["origin"].flatMap(BaselineOrigin.init(rawValue:)),
            let handover = row["handover"].flatMap(HandoverMode.init(rawValue:))
        else { throw LedgerError(.malformed, "a scope") }
        let sealPosition = row["seal_lsn"].flatMap { LSN($0) }
        let sealSnapshot = row["seal_snapshot"].flatMap { TransactionSnapshot($0) }
        self.init(
            entity: entity, wave: WaveName(rawValue: wave), state: state, origin: origin, handover: handover,
            startedSnapshot: row["started_snapshot"].flatMap { TransactionSnapshot($0) },
            isSettled: row.bool("settled") == true, isPlanned: row.bool("planned") == true,
            seal: row.bool("sealed") == true ? Seal(snapshot: sealSnapshot, position: sealPosition) : nil,
            isAgain: row.bool("again") == true)
    }
}
