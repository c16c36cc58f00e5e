import Foundation
public import LibPQ
public import Model
public import Playbook

/// The contracts with the source that are in force, and where the source differs from them.
public struct Contracts {
    /// A way in which the source differs, as it is told to people.
    public struct Drift: Hashable, Sendable, Codable {
        public let entity: String
        public let change: String
        /// `alert`, or `pause`: the entity stops before the first event that may be affected.
        public let reaction: String
        /// `catalog`, or the Kafka record that showed it first.
        public let seenIn: String
        public let secondsSince: Double
        /// Proposed statements for the target.
        public let statements: [String]
        /// Proposed lines for the playbook.
        public let playbook: [String]
    }

    private let connection: Connection

    /// The contracts in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// The contracts in force.
    public func inForce() throws -> [EntityName: PinnedContract] {
        let result = try connection.query(
            """
            SELECT DISTINCT ON (c.entity_id) e.name, c.version, c.fingerprint, c.content, c.catalog, c.lsn, c.confirmed_lsn
            FROM tidegate.contract c JOIN tidegate.entity e ON e.id = c.entity_id
            ORDER BY c.entity_id, c.version DESC
            """)
        var found: [EntityName: PinnedContract] = [:]
        for row in result.rows {
            guard let name = row["name"], let content = row["content"] else { continue }
            found[EntityName(rawValue: name)] = PinnedContract(
                version: row.int("version") ?? 0, fingerprint: row["fingerprint"] ?? "",
                contract: try Self.read(SourceContract.self, content),
                catalog: try row["catalog"].map { try Self.read(CatalogTable.self, $0) },
                position: row["lsn"].flatMap { LSN($0) }, confirmed: row["confirmed_lsn"].flatMap { LSN($0) })
        }
        return found
    }

    /// Puts the contracts that a playbook was compiled against in force, where they differ from those that are.
    ///
    /// - Parameters:
    ///   - playbook: compiled against the source's catalog as it is.
    ///   - position: the end of the source's log before its catalog was read; nil where it could not be asked.
    ///   - onlyNew: whether to leave the entities alone that have a contract.
    /// - Returns: the entities whose contracts changed.
    @discardableResult
    public func pin(_ playbook: CompiledPlaybook, at position: LSN?, onlyNew: Bool = false) throws -> [EntityName] {
        if onlyNew, case let known = try inForce(), playbook.entities.allSatisfy({ known[$0.name] != nil }) {
            return []
        }
        return try connection.transaction {
            // One at a time: processes that start together would number the same contract twice.
            try Migrations.lock(on: connection)
            let ids = try Entities(on: connection).find()
            let known = try inForce()
            var changed: [EntityName] = []
            for entity in playbook.entities.sorted(by: { $0.name < $1.name }) {
                guard let id = ids[entity.name], !onlyNew || known[entity.name] == nil else { continue }
                try connection.query(
                    "DELETE FROM tidegate.drift WHERE entity_id = $1", [.int(Int(id.rawValue))])
                let version = try pin(entity, id, after: known[entity.name], at: position)
                guard let version else { continue }
                changed.append(entity.name)
                try Audit(on: connection).record(
                    .contractPinned, subject: "entity \(entity.name)", detail: ["version": "\(version)"])
            }
            return changed
        }
    }

    private func pin(
        _ entity: CompiledEntity, _ id: EntityID, after known: PinnedContract?, at position: LSN?
    ) throws -> Int? {
        // Accepted as it is, a contract that has not changed holds from now on as well.
        if let known, known.contract == entity.contract {
            try confirm([entity.name], at: position)
            return nil
        }
        let version = (known?.version ?? 0) + 1
        try connection.query(
            """
            INSERT INTO tidegate.contract (entity_id, version, fingerprint, content, catalog, lsn, confirmed_lsn, pinned_by)
            VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'), $4::json, $5::json, $6::pg_lsn, $6::pg_lsn,
                coalesce(nullif(current_setting('tidegate.actor', true), ''), session_user))
            """,
            [
                .int(Int(id.rawValue)), .int(version), .text(entity.contract.canonicalText),
                .text(try Self.text(entity.contract)), .optional(try entity.sourceCatalog.map(Self.text)),
                .optional(position.map { "\($0)" }),
            ])
        return version
    }

    /// Notes that the source kept to some contracts when its log ended at `position`.
    public func confirm(_ entities: [EntityName], at position: LSN?) throws(PostgresError) {
        guard let position, !entities.isEmpty else { return }
        try connection.query(
            """
            UPDATE tidegate.contract AS c SET confirmed_lsn = $2::pg_lsn FROM tidegate.entity AS e
            WHERE e.id = c.entity_id AND e.name = ANY ($1::text[]) AND c.confirmed_lsn < $2::pg_lsn
                AND c.version = (SELECT max(version) FROM tidegate.contract AS l WHERE l.entity_id = c.entity_id)
            """, [.array(entities.map(\.rawValue)), .text("\(position)")])
    }

    /// What changes when a playbook or a contract is put in force: who works with an older value works with an older one.
    public func edition(of playbook: String) throws(PostgresError) -> String {
        try connection.query(
            """
            SELECT (SELECT coalesce(max(version), 0) FROM tidegate.activation WHERE name = $1) || '.'
                || (SELECT coalesce(max(id), 0) FROM tidegate.contract)
            """, [.text(playbook)]
        ).scalar ?? ""
    }

    // MARK: Drift

    /// Notes a difference, once, and tells it in the audit trail.
    ///
    /// - Parameters:
    ///   - seenIn: the Kafka record that showed it; nil for the catalog.
    ///   - position: where the source's log tells of it, if events do not show it.
    /// - Returns: whether it was new.
    @discardableResult
    public func note(
        _ change: ContractChange, of entity: EntityName, reaction: DriftPolicy, proposal: DriftProposal,
        seenIn: String?, position: SourcePosition? = nil
    ) throws -> Bool {
        try connection.transaction {
            let inserted = try connection.query(
                """
                INSERT INTO tidegate.drift (entity_id, change, reaction, seen_in, statements, playbook,
                    position)
                SELECT id, $2, $3, $4, $5::text[], $6::text[], $7 FROM tidegate.entity WHERE name = $1
                ON CONFLICT (entity_id, change) DO NOTHING RETURNING 1
                """,
                [
                    .text(entity.rawValue), .text("\(change)"), .text(reaction.rawValue), .text(seenIn ?? "catalog"),
                    .array(proposal.statements), .array(proposal.playbook), .optional(position?.description),
                ])
            guard inserted.rowCount > 0 else { return false }
            try Audit(on: connection).record(
                .contractBroken, subject: "entity \(entity)",
                detail: ["change": "\(change)", "reaction": reaction.rawValue], correlation: seenIn)
            return true
        }
    }

    /// The shape of an entity's table that the connector announced last; nil before it announced any.
    public func announced(_ entity: EntityName) throws -> SourceContract? {
        try connection.query(
            "SELECT a.content FROM tidegate.announced a JOIN tidegate.entity e ON e.id = a.entity_id WHERE e.name = $1",
            [.text(entity.rawValue)]
        ).scalar.map { try Self.read(SourceContract.self, $0) }
    }

    /// Keeps the shape that the connector has announced.
    public func announce(_ shape: SourceContract, of entity: EntityName) throws {
        try connection.query(
            """
            INSERT INTO tidegate.announced (entity_id, content) SELECT id, $2::json FROM tidegate.entity WHERE name = $1
            ON CONFLICT (entity_id) DO UPDATE SET content = excluded.content
            """, [.text(entity.rawValue), .text(try Self.text(shape))])
    }

    /// Where the source's log tells of changes for which entities pause and that events do not show.
    public func barriers() throws -> [EntityName: SourcePosition] {
        var barriers: [EntityName: SourcePosition] = [:]
        let result = try connection.query(
            """
            SELECT e.name, d.position FROM tidegate.drift d JOIN tidegate.entity e ON e.id = d.entity_id
            WHERE d.reaction = 'pause' AND d.position IS NOT NULL
            """)
        for row in result.rows {
            guard let name = row[0], let position = row[1].flatMap({ SourcePosition($0) }) else { continue }
            let entity = EntityName(rawValue: name)
            barriers[entity] = min(barriers[entity] ?? position, position)
        }
        return barriers
    }

    /// Forgets the differences of an entity that the source's catalog no longer has.
    public func settle(_ entity: EntityName, keeping changes: [ContractChange]) throws(PostgresError) {
        try connection.query(
            """
            DELETE FROM tidegate.drift AS d USING tidegate.entity AS e
            WHERE e.id = d.entity_id AND e.name = $1 AND d.change <> ALL ($2::text[])
            """, [.text(entity.rawValue), .array(changes.map(\.description))])
    }

    /// How the source differs from the contracts in force, oldest first.
    public func drifts() throws(PostgresError) -> [Drift] {
        try connection.query(
            """
            SELECT e.name, d.change, d.reaction, d.seen_in, d.statements, d.playbook,
                extract(epoch FROM clock_timestamp() - d.since) AS age
            FROM tidegate.drift d JOIN tidegate.entity e ON e.id = d.entity_id ORDER BY d.since, e.name, d.change
            """
        ).rows.map { row in
            Drift(
                entity: row["name"] ?? "", change: row["change"] ?? "", reaction: row["reaction"] ?? "",
                seenIn: row["seen_in"] ?? "", secondsSince: row["age"].flatMap { Double($0) } ?? 0,
                statements: (PostgresArray.elements(row["statements"] ?? "{}") ?? []).compactMap { $0 },
                playbook: (PostgresArray.elements(row["playbook"] ?? "{}") ?? []).compactMap { $0 })
        }
    }

    private static func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw LedgerError(.malformed, "a contract")
        }
    }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
