import Foundation
public import LibPQ
public import Model

/// Verifications: the ranges that are to be compared, and the certificates of those that were.
public struct Verifications {
    let connection: Connection

    /// The verifications in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// A range that is still to be compared.
    public struct OpenRange: Hashable, Sendable {
        public let entity: EntityID
        public let ordinal: Int
        public let range: KeyRange
        public let rowsEstimated: Int?
    }

    /// What a verification is about: only with all of it the same is an unfinished one gone on with.
    public struct Subject: Hashable, Sendable {
        public let playbook: String
        /// In words.
        public let text: String
        public let wave: WaveName?
        public let entities: [EntityName]
        public let epoch: Int64

        /// What is verified under a playbook's hash, in an epoch of ownership.
        public init(playbook: String, text: String, wave: WaveName?, entities: [EntityName], epoch: Int64) {
            self.playbook = playbook
            self.text = text
            self.wave = wave
            self.entities = entities
            self.epoch = epoch
        }
    }

    // MARK: Beginning

    /// Goes on with the newest verification of a subject if it is not finished, else begins one. This session holds it.
    ///
    /// - Throws: `LedgerError` of code `busy` when another process is at it.
    public func open(_ subject: Subject) throws -> (id: Int64, isResumed: Bool) {
        let found = try connection.query(
            """
            SELECT id FROM tidegate.verification
            WHERE playbook = $1 AND subject = $2 AND epoch = $3 AND entities = $4::text[] AND finished_at IS NULL
            ORDER BY id DESC LIMIT 1
            """,
            [
                .text(subject.playbook), .text(subject.text), .int(subject.epoch),
                .array(subject.entities.map(\.rawValue)),
            ])
        if let id = found.scalar.flatMap({ Int64($0) }) {
            try hold(id)
            return (id, true)
        }
        let made = try connection.query(
            """
            INSERT INTO tidegate.verification (playbook, subject, wave, entities, epoch) VALUES ($1, $2, $3, $4::text[], $5)
            RETURNING id
            """,
            [
                .text(subject.playbook), .text(subject.text), .optional(subject.wave?.rawValue),
                .array(subject.entities.map(\.rawValue)), .int(subject.epoch),
            ])
        guard let id = made.scalar.flatMap({ Int64($0) }) else { throw LedgerError(.malformed, "a verification") }
        try hold(id)
        return (id, false)
    }

    private func hold(_ id: Int64) throws {
        let taken = try connection.query(
            "SELECT pg_try_advisory_lock($1, $2)",
            [.int(AdvisoryLock.verification), .int(Int32(truncatingIfNeeded: id))])
        guard taken.scalar == "t" else {
            throw LedgerError(.busy, "verification \(id) of the same is under way in another process")
        }
    }

    /// Whether an entity's ranges are there.
    public func isPlanned(_ id: Int64, _ entity: EntityID) throws -> Bool {
        try connection.query(
            "SELECT FROM tidegate.certificate WHERE verification_id = $1 AND entity_id = $2 LIMIT 1",
            [.int(id), .int(entity.rawValue)]
        ).rowCount > 0
    }

    /// Puts an entity's ranges down, and has lanes note from now on what they change of them.
    ///
    /// - Parameter ranges: half open, ascending, each beginning where the one before ends, open at both ends.
    public func plan(_ id: Int64, _ entity: EntityID, ranges: [(range: KeyRange, rows: Int?)]) throws {
        try connection.transaction {
            let watched = WatchedRanges(on: connection)
            try watched.watch(entity, by: id)
            try connection.pipeline { pipeline in
                for (ordinal, chunk) in ranges.enumerated() {
                    try pipeline.query(
                        """
                        INSERT INTO tidegate.certificate (verification_id, entity_id, ordinal, low, high, rows_estimated)
                        VALUES ($1, $2, $3, $4::text[], $5::text[], $6)
                        """,
                        [
                            .int(id), .int(entity.rawValue), .int(ordinal),
                            chunk.range.low.map { .array($0) } ?? .null, chunk.range.high.map { .array($0) } ?? .null,
                            chunk.rows.map { .int($0) } ?? .null,
                        ])
                }
            }
        }
    }

    /// Puts an entity's ranges down as the verification has them that it is watched by; those that were equal under the
    /// same playbook and epoch and have not changed since are taken over.
    ///
    /// - Returns: how many are left to compare; nil when there is nothing to take over.
    public func planDirty(_ id: Int64, _ entity: EntityID) throws -> Int? {
        try connection.transaction {
            try connection.execute(entity.lock(.change))
            let watched = WatchedRanges(on: connection)
            guard let earlier = try watched.verification(entity) else { return nil }
            let copied = try connection.query(
                """
                INSERT INTO tidegate.certificate (verification_id, entity_id, ordinal, low, high, rows_estimated, state, waves,
                    form, source_rows, source_digest, target_rows, target_digest, snapshot, position, tolerances, suspects,
                    parked, checked_at)
                SELECT $1, c.entity_id, c.ordinal, c.low, c.high, c.rows_estimated, CASE WHEN k.keep THEN c.state ELSE 'open' END,
                    c.waves, c.form, c.source_rows, c.source_digest, c.target_rows, c.target_digest, c.snapshot, c.position,
                    c.tolerances, c.suspects, c.parked, c.checked_at
                FROM tidegate.certificate c JOIN tidegate.verification v ON v.id = c.verification_id
                JOIN tidegate.verification n ON n.id = $1
                CROSS JOIN LATERAL (SELECT c.state = 'equal' AND v.playbook = n.playbook AND v.epoch = n.epoch
                    AND NOT EXISTS (SELECT FROM tidegate.dirty d
                        WHERE d.entity_id = c.entity_id AND d.ordinal = c.ordinal) AS keep) AS k
                WHERE c.verification_id = $2 AND c.entity_id = $3
                """, [.int(id), .int(earlier), .int(entity.rawValue)])
            guard copied.affectedRows > 0 else { return nil }
            try watched.watch(entity, by: id)
            return try openRanges(id).count { $0.entity == entity }
        }
    }

    /// The ranges that are still to be compared.
    public func openRanges(_ id: Int64) throws -> [OpenRange] {
        try connection.query(
            """
            SELECT entity_id, ordinal, low, high, rows_estimated FROM tidegate.certificate
            WHERE verification_id = $1 AND state = 'open' ORDER BY entity_id, ordinal
            """, [.int(id)]
        ).rows.map { row in
            guard let entity = row[0].flatMap({ Int32($0) }), let ordinal = row.int("ordinal") else {
                throw LedgerError(.malformed, "a certificate")
            }
            return OpenRange(
                entity: EntityID(rawValue: entity), ordinal: ordinal,
                range: KeyRange(low: PostgresArray.key(row[2]), high: PostgresArray.key(row[3])),
                rowsEstimated: row.int("rows_estimated"))
        }
    }

    // MARK: Finding

    /// Notes what was found of a range, with the rows that differ.
    public func certify(_ id: Int64, _ range: OpenRange, _ certificate: Certificate) throws {
        let tolerances = String(decoding: try JSONEncoder().encode(certificate.tolerances), as: UTF8.self)
        try connection.transaction {
            try connection.query(
                """
                UPDATE tidegate.certificate SET state = $4, waves = $5::text[], form = $6, source_rows = $7,
                    source_digest = $8, target_rows = $9, target_digest = $10, snapshot = $11::pg_snapshot,
                    position = $12::pg_lsn, tolerances = $13::jsonb, suspects = $14, drifted = $15, unproven = $16,
                    parked = $17, repaired = $18, reason = $19, checked_at = clock_timestamp()
                WHERE verification_id = $1 AND entity_id = $2 AND ordinal = $3
                """,
                [
                    .int(id), .int(range.entity.rawValue), .int(range.ordinal), .text(certificate.state.rawValue),
                    .array(certificate.waves.map(\.rawValue)), .text(certificate.form), .int(certificate.source.rows),
                    .text(certificate.source.description), .int(certificate.target.rows),
                    .text(certificate.target.description), .optional(certificate.snapshot?.description),
                    .optional(certificate.position?.description), .text(tolerances), .int(certificate.suspects),
                    .int(certificate.drifted), .int(certificate.unproven), .int(certificate.parked),
                    .int(certificate.repaired), .optional(certificate.reason),
                ])
            try connection.pipeline { pipeline in
                for row in certificate.rows {
                    try pipeline.query(
                        """
                        INSERT INTO tidegate.difference (verification_id, entity_id, ordinal, key, kind, fields)
                        VALUES ($1, $2, $3, $4::text[], $5, $6::text[])
                        ON CONFLICT (verification_id, entity_id, key) DO NOTHING
                        """,
                        [
                            .int(id), .int(range.entity.rawValue), .int(range.ordinal), .array(row.key),
                            .text(row.kind.rawValue), .array(row.fields),
                        ])
                }
            }
        }
    }

    /// The rows that were found to differ, by entity, up to a limit for each.
    public func drift(_ id: Int64, limit: Int) throws -> [EntityID: [DriftedRow]] {
        var found: [EntityID: [DriftedRow]] = [:]
        let result = try connection.query(
            """
            SELECT entity_id, key, kind, fields FROM (
                SELECT d.*, row_number() OVER (PARTITION BY entity_id ORDER BY ordinal, key) AS place
                FROM tidegate.difference d WHERE verification_id = $1) AS d
            WHERE place <= $2 ORDER BY entity_id, place
            """, [.int(id), .int(limit)])
        for row in result.rows {
            guard let entity = row[0].flatMap({ Int32($0) }), let kind = row[2].flatMap(DriftedRow.Kind.init(rawValue:))
            else { continue }
            found[EntityID(rawValue: entity), default: []].append(
                DriftedRow(
                    key: PostgresArray.key(row[1]) ?? [], kind: kind, fields: PostgresArray.key(row[3]) ?? []))
        }
        return found
    }

    /// Finishes it, audited.
    public func finish(_ id: Int64, _ outcome: String, detail: [String: String]) throws {
        try connection.transaction {
            let found = try connection.query(
                """
                UPDATE tidegate.verification SET finished_at = clock_timestamp(), outcome = $2 WHERE id = $1 RETURNING subject
                """, [.int(id), .text(outcome)])
            try Audit(on: connection).record(
                .verified, subject: found.scalar ?? "",
                detail: detail.merging(["verification": "\(id)", "outcome": outcome]) { $1 })
        }
    }
}
