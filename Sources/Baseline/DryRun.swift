import Ledger
import LibPQ
public import Model
public import Playbook

/// A load that leaves nothing behind: every row of the wave is read, mapped and written, in one transaction of the target
/// that is rolled back at its end. What it would have set aside is told.
///
/// It needs room on the target's disk as the load does, and leaves dead rows for vacuum. Rows that others insert meanwhile
/// under a key of the wave wait for its end.
public struct DryRun: Sendable {
    private let playbook: CompiledPlaybook
    private let wave: WaveName
    private let options: LoadOptions

    /// A dry run of `wave`; of the options, only those of a load from the source itself count.
    public init(_ playbook: CompiledPlaybook, wave: WaveName, options: LoadOptions) {
        self.playbook = playbook
        self.wave = wave
        self.options = options
    }

    /// What it has found of an entity.
    public struct Finding: Sendable, Hashable, Codable {
        public let entity: String
        /// Rows in the wave's scope.
        public var rows = 0
        /// Rows that the target holds already and that would be overwritten.
        public var overwritten = 0
        /// Rows that would be set aside, by the name of the defect or the reason and SQLSTATE.
        public var setAside: [String: Int] = [:]
        /// Rows that a known defect corrects, by its name.
        public var corrected: [String: Int] = [:]
    }

    private struct Undone: Error {}

    /// Runs it.
    ///
    /// - Returns: what was found, parents first.
    /// - Throws: `BaselineError`, `PostgresError`.
    public func run() throws -> [Finding] {
        guard let string = options.source else {
            throw BaselineError(.source, "the playbook names no source database: there is nothing to read")
        }
        let source = try SourceSession(string)
        let target = try TargetSession(options, for: playbook.playbook, name: "tidegate dry run")
        try Migrations().apply(on: target.connection)
        let ids = try Entities(on: target.connection).register(playbook.entities.map(\.name))
        let entities = playbook.entities.compactMap { entity -> LoadingEntity? in
            guard let scope = entity.scope(in: wave), let id = ids[entity.name] else { return nil }
            return LoadingEntity(
                sql: EntitySQL(entity: entity, id: id, scope: scope), handover: .touched, origin: .source,
                isFirst: false, isAgain: false)
        }
        for entity in entities { try prepare(entity, target.connection) }
        var findings: [Finding] = []
        do {
            try target.transaction {
                for table in ["manifest_image", "defect_count"] {
                    try target.connection.query("DELETE FROM tidegate.\(table) WHERE wave = $1", [.text(wave.rawValue)])
                }
                for entity in entities { findings.append(try load(entity, target, source)) }
                for entity in entities { try loadAgain(entity, target, source) }
                for (place, entity) in entities.enumerated() {
                    try count(entity, target.connection, into: &findings[place])
                }
                throw Undone()
            }
        } catch is Undone {}
        return findings
    }

    private func prepare(_ entity: LoadingEntity, _ connection: Connection) throws {
        if let other = try Scopes(on: connection).read(entity.id).loading {
            throw BaselineError(
                .source,
                "wave \(other.wave) of \(entity.name) is being loaded; a dry run would stand in its way: wait for it")
        }
        try connection.execute(entity.entity.statements.createStage)
    }

    private func load(_ entity: LoadingEntity, _ target: TargetSession, _ source: SourceSession) throws -> Finding {
        var finding = Finding(entity: entity.name.rawValue)
        let planner = ChunkPlanner(source: source.connection, chunkBytes: playbook.limits.chunkBytes)
        let scope = entity.sql.scope
        for (range, _) in try planner.plan(entity.entity, where: scope.isAll ? nil : scope.sourcePredicate).ranges {
            if options.shouldStop() { throw BaselineError(.stopped, "stopped; nothing was changed") }
            let outcome = try source.reading { snapshot in
                let passed = try CopyPipe.copy(
                    entity.sql.select(range), on: source.connection, into: entity.sql.stageTable, on: target.connection)
                _ = try writer(entity, target).write()
                return ChunkOutcome(
                    snapshot: snapshot, rows: passed.rows, bytes: passed.bytes, digest: passed.digest.value)
            }
            try target.connection.execute("DELETE FROM \(entity.entity.statements.stage)")
            finding.rows += outcome.rows
            options.report(.merged(entity.name, outcome))
        }
        return finding
    }

    /// Rows that had to wait for others: now everything is there that is going to be.
    private func loadAgain(_ entity: LoadingEntity, _ target: TargetSession, _ source: SourceSession) throws {
        let keys = try Rereads(on: target.connection).find(entity.id, limit: .max)
        guard !keys.isEmpty else { return }
        for start in stride(from: 0, to: keys.count, by: 500) {
            _ = try CopyPipe.copy(
                entity.sql.select(keys: Array(keys[start..<min(start + 500, keys.count)])), on: source.connection,
                into: entity.sql.stageTable, on: target.connection)
        }
        _ = try writer(entity, target, isLast: true).write()
    }

    private func writer(_ entity: LoadingEntity, _ target: TargetSession, isLast: Bool = false) -> StageWriter {
        StageWriter(entity: entity, target: target, origin: "baseline/\(wave)", postponesViolations: !isLast)
    }

    /// Reads what the writers have left in the ledger, which is rolled back with the rest.
    private func count(_ entity: LoadingEntity, _ connection: Connection, into finding: inout Finding) throws {
        func counts(_ sql: String) throws -> [String: Int] {
            let rows = try connection.query(sql, [.int(Int(entity.id.rawValue)), .text(wave.rawValue)]).rows
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] ?? "", $0[1].flatMap(Int.init) ?? 0) })
        }
        finding.setAside = try counts(
            """
            SELECT reason || coalesce(' (' || sqlstate || ')', '') AS what, count(*) FROM tidegate.quarantine
            WHERE entity_id = $1 AND topic = 'baseline/' || $2 AND created_at = now() GROUP BY what
            """)
        finding.corrected = try counts(
            "SELECT defect, baseline_rows FROM tidegate.defect_count WHERE entity_id = $1 AND wave = $2 AND action = 'set'"
        )
        finding.overwritten =
            try counts(
                "SELECT action, count(*) FROM tidegate.manifest_image WHERE entity_id = $1 AND wave = $2 GROUP BY action"
            )["overwritten"] ?? 0
    }
}
