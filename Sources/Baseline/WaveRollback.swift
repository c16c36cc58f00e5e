import Ledger
import LibPQ
public import Model
public import Playbook

/// Takes a wave's rows out of the target again, in one transaction that keeps the stream and loads of its entities out:
/// afterwards the target holds what it would hold if the wave had never been loaded.
///
/// Which rows those are, the source says: those in the wave's scope now and in no other that has started; and the
/// manifest, for rows that have gone since. A row that was there before the wave is again as it was if somebody else
/// than Tidegate had made it; a row that another wave keeps in sync stays as it is now, for nobody would bring what has
/// changed in it since.
public struct WaveRollback: Sendable {
    private let playbook: CompiledPlaybook
    private let wave: WaveName
    private let options: RollbackOptions
    private static let keysPerRead = 500

    /// A rollback of `wave`.
    public init(_ playbook: CompiledPlaybook, wave: WaveName, options: RollbackOptions) {
        self.playbook = playbook
        self.wave = wave
        self.options = options
    }

    private struct Part {
        let entity: CompiledEntity
        let sql: RollbackSQL
        let scope: CompiledScope
        /// The entity's other scopes that have started.
        let others: [CompiledScope]
        /// Whether the wave's rows came from the source itself.
        let isFromSource: Bool
    }

    private struct Undone: Error {}

    /// Rolls back, or shows what it would come to.
    ///
    /// - Returns: what has become of each entity, parents first; empty when no scope of the wave has started.
    /// - Throws: `BaselineError` of code `written` when rows were written by others and the policy refuses that, of code
    ///   `referenced` when rows that stay point at rows that would go; `LedgerError` when the wave is in no phase from
    ///   which it can be rolled back. Nothing is changed then.
    public func run() throws -> [RolledBackEntity] {
        var load = LoadOptions(source: options.source, target: options.target) { playbook.kafka.topic(of: $0) }
        load.sessionSettings = options.sessionSettings
        let target = try TargetSession(load, for: playbook.playbook, name: "tidegate rollback")
        let source = try options.source.map { try SourceSession($0) }
        let parts = try parts(target.connection)
        var report: [RolledBackEntity] = []
        guard !parts.isEmpty else { return report }
        do {
            try target.transaction(.later) {
                for id in parts.map(\.sql.id).sorted() { try target.connection.execute(id.lock(.change)) }
                let orphans = try Orphans(of: parts.map(\.entity.target), on: target.connection)
                report = try takeOut(parts, target.connection, source)
                if options.isPreview { throw Undone() }
                try refuse(report)
                try orphans.refuseMore()
                try Scopes(on: target.connection).forget(parts.map(\.sql.id), wave: wave)
                try Waves(on: target.connection).rolledBack(wave, summary(report))
            }
        } catch is Undone {
            return report
        } catch let error as PostgresError where error.sqlState == .foreignKeyViolation {
            throw Orphans.refusal(error.description)
        }
        return report
    }

    private func parts(_ connection: Connection) throws -> [Part] {
        let ids = try Entities(on: connection).find()
        return try playbook.entities.compactMap { entity in
            guard let scope = entity.scope(in: wave), let id = ids[entity.name] else { return nil }
            let known = try Scopes(on: connection).read(id)
            guard let record = known.scopes[wave], record.state != .pending else { return nil }
            return Part(
                entity: entity, sql: RollbackSQL(entity: entity, id: id, wave: wave), scope: scope,
                others: known.started.filter { $0 != wave }.compactMap { entity.scope(in: $0) },
                isFromSource: record.origin == .source)
        }
    }

    /// Children first out, parents first back.
    private func takeOut(
        _ parts: [Part], _ connection: Connection, _ source: SourceSession?
    ) throws -> [RolledBackEntity] {
        var report: [RolledBackEntity] = []
        for part in parts.reversed() {
            try connection.execute(part.entity.statements.createStage)
            try stageKeys(part, connection, source)
            try connection.execute(part.sql.decide(options.written))
            var entity = RolledBackEntity(name: part.entity.name.rawValue)
            for row in try connection.query(part.sql.count).rows { entity.count(row) }
            let gone = try connection.query(part.sql.delete).affectedRows
            guard gone == entity.deleted + entity.restored else {
                throw BaselineError(
                    .written, "rows of \(entity.name) were written while they were rolled back; run it again")
            }
            entity.setAside = try connection.query(part.sql.discard).affectedRows
            report.append(entity)
        }
        report.reverse()
        for (place, part) in parts.enumerated() {
            report[place].restored = try connection.query(part.sql.restore).affectedRows
        }
        return report
    }

    /// Puts the keys of the wave's rows into the stage.
    private func stageKeys(_ part: Part, _ connection: Connection, _ source: SourceSession?) throws {
        guard let source, part.isFromSource else {
            guard part.others.isEmpty, EntitySQL.hasPlainKey(part.entity) else {
                return try stageManifest(part, connection, nil)
            }
            try connection.query(part.sql.stageAll)
            return
        }
        _ = try source.reading { _ in
            try CopyPipe.copy(
                part.sql.select(part.scope, others: part.others), on: source.connection, into: part.sql.stageTable,
                on: connection)
        }
        try stageManifest(part, connection, source)
    }

    /// Adds the manifest's keys whose rows have gone since, or left the wave; not those that another wave has now.
    private func stageManifest(_ part: Part, _ connection: Connection, _ source: SourceSession?) throws {
        var left = try connection.query(part.sql.unstaged).rows.compactMap { $0[0] }
        if let source, !part.others.isEmpty {
            var elsewhere: Set<[String]> = []
            for start in stride(from: 0, to: left.count, by: Self.keysPerRead) {
                let keys = left[start..<min(start + Self.keysPerRead, left.count)].compactMap { PostgresArray.key($0) }
                let found = try source.connection.query(part.sql.select(keys, in: part.others))
                elsewhere.formUnion(found.rows.compactMap { PostgresArray.key($0[0]) })
            }
            left.removeAll { PostgresArray.key($0).map(elsewhere.contains) ?? false }
        }
        if !left.isEmpty { try connection.query(part.sql.stageKeys, [.array(left)]) }
    }

    private func refuse(_ report: [RolledBackEntity]) throws {
        let written = report.filter { $0.writtenByOthers > 0 }
        guard options.written == .refuse, !written.isEmpty else { return }
        let names = written.map { "\($0.writtenByOthers) of \($0.name)" }.joined(separator: ", ")
        throw BaselineError(
            .written,
            "rows of the wave were written by others than Tidegate since they were loaded: \(names). Say what is to become "
                + "of them: they can be kept, or deleted with the others")
    }

    private func summary(_ report: [RolledBackEntity]) -> [String: String] {
        var detail = ["written-rows": options.written.rawValue]
        for entity in report {
            detail[entity.name] = "\(entity.deleted) deleted, \(entity.restored) restored, \(entity.kept) kept"
        }
        return detail
    }
}

extension RolledBackEntity {
    /// Counts rows of one fate and one writer.
    fileprivate mutating func count(_ row: Row) {
        let rows = row.int("rows") ?? 0
        switch row["fate"] {
        case "deleted": deleted += rows
        case "restored": restored += rows
        case "kept": kept += rows
        default: break
        }
        switch row["writer"] {
        case "stream": writtenByStream += rows
        case "others": writtenByOthers += rows
        default: break
        }
    }
}
