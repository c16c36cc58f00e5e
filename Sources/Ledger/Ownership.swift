public import LibPQ
public import Model

/// Transfers of ownership, and what was not written because of it.
public struct Ownership {
    /// What is transferred.
    public enum Subject: Hashable, Sendable, CustomStringConvertible {
        /// The rules of a wave (`from: wave eu`): in force when given to the target.
        case wave(WaveName)
        /// An entity, or fields of it.
        case entity(EntityName, fields: [String])

        public var description: String {
            switch self {
            case .wave(let wave): "wave \(wave)"
            case .entity(let entity, let fields):
                "entity \(entity)" + (fields.isEmpty ? "" : ", fields \(fields.joined(separator: ", "))")
            }
        }

        /// What its transfer to a side makes of an epoch.
        public func epoch(
            after epoch: OwnershipEpoch, to owner: Side, began: [Side: LSN] = [:]
        ) -> OwnershipEpoch {
            var (waves, transfers) = (epoch.waves, epoch.transfers)
            switch self {
            case .wave(let wave): if owner == .target { waves.insert(wave) } else { waves.remove(wave) }
            case .entity(let entity, let fields):
                transfers.append(OwnershipTransfer(entity: entity, fields: fields, owner: owner))
            }
            return OwnershipEpoch(number: epoch.number + 1, waves: waves, transfers: transfers, began: began)
        }
    }

    private let connection: Connection

    /// The transfers in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// What has been decided so far. Under an entity's lock it stays so to the end of the transaction.
    ///
    /// - Throws: `LedgerError` of code `transferring` while a transfer waits for its decision.
    public func epoch() throws -> OwnershipEpoch {
        if let next = try connection.query("SELECT epoch FROM tidegate.ownership_intent").scalar {
            throw LedgerError(
                .transferring,
                """
                the transfer of ownership to epoch \(next) is not decided yet; if whoever made it has ended, \
                `tidegate own` or a restart of the reverse flow settles it
                """)
        }
        let result = try connection.query(
            "SELECT wave, entity, fields, owner, source_lsn, target_lsn FROM tidegate.ownership_transfer ORDER BY epoch"
        )
        var epoch = OwnershipEpoch()
        for row in result.rows {
            guard let owner = row["owner"].flatMap(Side.init(rawValue:)) else {
                throw LedgerError(.malformed, "a transfer of ownership")
            }
            let fields = PostgresArray.elements(row["fields"] ?? "{}") ?? []
            let subject: Subject? =
                row["wave"].map { .wave(WaveName(rawValue: $0)) }
                ?? row["entity"].map { .entity(EntityName(rawValue: $0), fields: fields.compactMap { $0 }) }
            var began: [Side: LSN] = [:]
            began[.source] = row["source_lsn"].flatMap { LSN($0) }
            began[.target] = row["target_lsn"].flatMap { LSN($0) }
            if let subject { epoch = subject.epoch(after: epoch, to: owner, began: began) }
        }
        return epoch
    }

    /// Transfers ownership: one audited transaction that no apply transaction straddles.
    ///
    /// It holds the locks of all entities, so it waits for the apply transactions and merges under way, and every later
    /// one sees the new epoch.
    ///
    /// - Parameters:
    ///   - evidence: what the audit trail shall tell besides.
    ///   - sourceEnd: tells where the source's log ends, once nothing is applied any more.
    /// - Returns: the epoch that it begins.
    /// - Throws: `PostgresError` with 55P03 when they do not end within half a minute: nothing has changed then.
    @discardableResult
    public func transfer(
        _ subject: Subject, to owner: Side, reason: String, evidence: [String: String] = [:],
        sourceEnd: () throws -> LSN? = { nil }
    ) throws -> Int64 {
        try connection.transaction {
            let number = try alone { () throws -> Int64 in
                let number = try epoch().number + 1
                try insert(subject, owner, reason, number, try sourceEnd())
                return number
            }
            try Audit(on: connection).record(
                .ownershipTransferred, subject: subject.description,
                detail: evidence.merging(["epoch": "\(number)", "owner": owner.rawValue, "reason": reason]) { $1 })
            return number
        }
    }

    /// Runs `body` under the locks of all entities, and says to all lanes that what they know is old. In a transaction.
    func alone<Outcome>(_ body: () throws -> Outcome) throws -> Outcome {
        try connection.execute("SET LOCAL lock_timeout = '30s'")
        let ids = try Entities(on: connection).find().values.sorted()
        for id in ids { try connection.execute(id.lock(.change)) }
        let outcome = try body()
        for id in ids { try Entities(on: connection).bumpVersion(id) }
        return outcome
    }

    private func insert(
        _ subject: Subject, _ owner: Side, _ reason: String, _ number: Int64, _ sourceEnd: LSN?
    ) throws {
        let (wave, entity, fields): (String?, String?, [String]) =
            switch subject {
            case .wave(let wave): (wave.rawValue, nil, [])
            case .entity(let entity, let fields): (nil, entity.rawValue, fields)
            }
        try connection.query(
            """
            INSERT INTO tidegate.ownership_transfer (epoch, wave, entity, fields, owner, reason, source_lsn, target_lsn)
            VALUES ($1, $2, $3, $4::text[], $5, $6, $7::pg_lsn, pg_current_wal_insert_lsn())
            """,
            [
                .int(number), .optional(wave), .optional(entity), .array(fields), .text(owner.rawValue), .text(reason),
                .optional(sourceEnd?.description),
            ])
    }

    /// Counts what was not written, in the transaction that did not write it: fields, writes and violations by place.
    public static let count = LedgerStatement(
        name: "tidegate_suppressed",
        sql: """
            INSERT INTO tidegate.suppressed AS s (entity_id, field, epoch, writes, violations)
            SELECT $1::integer, field, $2::bigint, writes, violations
            FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS u (field, writes, violations) ORDER BY field
            ON CONFLICT (entity_id, field, epoch) DO UPDATE SET writes = s.writes + excluded.writes,
                violations = s.violations + excluded.violations, last_at = now()
            """)

    /// The parameters of `count`.
    public static func countParameters(
        _ entity: EntityID, epoch: Int64, _ counts: [String: SuppressedCount]
    ) -> [Parameter] {
        let sorted = counts.sorted { $0.key < $1.key }
        return [
            .int(entity.rawValue), .int(epoch), .array(sorted.map(\.key)), .array(sorted.map { "\($0.value.writes)" }),
            .array(sorted.map { "\($0.value.violations)" }),
        ]
    }

    /// What was not written, by entity and field, over all epochs.
    public func suppressed() throws -> [EntityName: [String: SuppressedCount]] {
        let result = try connection.query(
            """
            SELECT e.name AS entity, s.field, sum(s.writes) AS writes, sum(s.violations) AS violations
            FROM tidegate.suppressed s JOIN tidegate.entity e ON e.id = s.entity_id GROUP BY 1, 2
            """)
        var found: [EntityName: [String: SuppressedCount]] = [:]
        for row in result.rows {
            guard let entity = row["entity"], let field = row["field"] else { continue }
            found[EntityName(rawValue: entity), default: [:]][field] = SuppressedCount(
                writes: row.int("writes") ?? 0, violations: row.int("violations") ?? 0)
        }
        return found
    }
}
