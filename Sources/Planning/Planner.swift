import ChangeEvents
import Ledger
public import LibPQ
import Model
public import Playbook

/// Makes the plan of a migration. It reads both catalogs as a whole, some rows within a budget, and what the ledger, if
/// there is one, knows of earlier loads; it leaves nothing behind.
public struct Planner {
    /// What is wished beyond what the playbook says.
    public struct Options: Sendable {
        /// How long rows may be looked at, all questions together.
        public var budget = Duration.seconds(60)
        /// Whether waves are suggested.
        public var suggestsWaves = false
        /// Told what is done next.
        public var report: @Sendable (String) -> Void = { _ in }

        /// The default options.
        public init() {}
    }

    private let parsed: Playbook
    private let source: Connection?
    private let target: Connection
    private let options: Options

    /// A planner for a playbook.
    ///
    /// - Parameters:
    ///   - source: a connection outside a transaction; nil for a source known through its topics alone.
    ///   - target: the same.
    public init(_ playbook: Playbook, source: Connection?, target: Connection, options: Options = Options()) {
        parsed = playbook
        self.source = source
        self.target = target
        self.options = options
    }

    /// Plans.
    ///
    /// - Throws: `PlaybookError` when the playbook does not fit its databases otherwise than in what its waves cut.
    public func plan() throws -> MigrationPlan {
        options.report("compiling the playbook, asking what the waves cut")
        let (playbook, foreignKeyCuts) = try CompiledPlaybook.survey(
            parsed, source: source, target: target, asksRows: true)
        let reader = source.map { BoundedReader($0, until: .now + options.budget) }
        let targetReader = BoundedReader(target, until: .now + options.budget)
        options.report("reading the catalogs, looking at columns that look like references")
        let sourceCatalog = try source.map { source in try Catalog(reading: Catalog.tableNames(on: source), on: source)
        }
        let targetCatalog = try Catalog(reading: Catalog.tableNames(on: target), on: target)
        let search = DependencySearch(playbook: playbook, source: sourceCatalog, target: targetCatalog)
        var edges = search.edges()
        if let reader, let sourceCatalog {
            edges += try likely(.source, sourceCatalog, playbook, reader, besides: edges)
        }
        edges += try likely(.target, targetCatalog, playbook, targetReader, besides: edges)
        let graph = DependencyGraph(entities: playbook.entities.map(\.name), edges: edges)
        var notes = playbook.findings.filter { $0.rule == .cutForeignKey }.map(\.description)
        let cuts = foreignKeyCuts.map { DependencyCut($0, in: playbook) } + DependencyCut.byScopes(graph, parsed.waves)
        options.report("reading rates of earlier loads, measuring those that are not known")
        let loads = try LoadTimes(playbook, reader: reader, target: target)
        notes += loads.notes
        options.report("estimating what the waves take")
        let waves = try parsed.waves.map { try wave($0, playbook, graph, cuts, loads, reader) }
        return MigrationPlan(
            playbook: playbook.name, entities: try entities(playbook, graph), dependencies: graph.edges,
            cycles: graph.cycles, waves: waves,
            suggestion: options.suggestsWaves ? WaveSuggestion(graph, rows: try allRows(playbook)) : nil, notes: notes)
    }

    // MARK: Entities

    private func entities(_ playbook: CompiledPlaybook, _ graph: DependencyGraph) throws -> [MigrationPlan.Entity] {
        let onSource = try source.map { source in
            try DependentReader(connection: source, side: .source).read(playbook.entities.map(\.source))
        }
        let onTarget = try DependentReader(connection: target, side: .target).read(playbook.entities.map(\.target))
        return playbook.entities.map { entity in
            let tables = graph.edges.filter { $0.parent == .entity(entity.name) }.compactMap { edge in
                if case .table(let side, let table) = edge.dependent {
                    HiddenDependent(
                        side: side, kind: .referencingTable, name: table.description,
                        detail: "by the foreign key \(edge.evidence)")
                } else {
                    nil
                }
            }
            return MigrationPlan.Entity(
                name: entity.name, source: entity.source.description, target: entity.target.description,
                rank: entity.rank, isSelfReferencing: entity.isSelfReferencing,
                dependents: (onSource?[entity.source] ?? []) + (onTarget[entity.target] ?? []) + tables)
        }
    }

    private func likely(
        _ side: Side, _ catalog: Catalog, _ playbook: CompiledPlaybook, _ reader: BoundedReader,
        besides known: [DependencyEdge]
    ) throws -> [DependencyEdge] {
        try LikelyReference.all(in: playbook, side, catalog).compactMap { candidate in
            // A scope by parent, or the other side's foreign key or likeness, or a lookup, says it already.
            let isKnown = known.contains { edge in
                edge.dependent == .entity(candidate.child) && edge.parent == .entity(candidate.parent)
                    && (edge.kind == .lookup ? side == .target : edge.columns == [candidate.column])
            }
            return isKnown ? nil : try ReferenceProbe(reader: reader).confirm(candidate)
        }
    }

    // MARK: Waves

    private func wave(
        _ wave: WaveDefinition, _ playbook: CompiledPlaybook, _ graph: DependencyGraph, _ cuts: [DependencyCut],
        _ loads: LoadTimes, _ reader: BoundedReader?
    ) throws -> MigrationPlan.Wave {
        var scopes: [MigrationPlan.Scope] = []
        var works: [LoadWork?] = []
        for entity in playbook.entities {
            guard let scope = entity.scope(in: wave.name.value), let text = wave.scope(of: entity.name)?.text else {
                continue
            }
            let volume = try reader.flatMap { try VolumeReader(reader: $0).volume(of: scope, entity) }
            let work = volume.flatMap { loads.work(of: entity.name, $0) }
            works.append(work)
            scopes.append(
                MigrationPlan.Scope(
                    entity: entity.name, rows: text, volume: volume,
                    duration: work.flatMap { DurationEstimate([$0], workers: loads.workers) }))
        }
        let own = cuts.filter { $0.wave == wave.name.value }
        let isKnown = works.allSatisfy { $0 != nil }
        return MigrationPlan.Wave(
            name: wave.name.value, scopes: scopes, rows: scopes.reduce(0) { $0 + ($1.volume?.rows ?? 0) },
            bytes: scopes.reduce(0) { $0 + ($1.volume?.bytes ?? 0) },
            duration: isKnown ? DurationEstimate(works.compactMap(\.self), workers: loads.workers) : nil, cuts: own,
            closure: ClosureSearch(graph: graph, waves: parsed.waves).closure(of: wave.name.value, cuts: own))
    }

    private func allRows(_ playbook: CompiledPlaybook) throws -> [EntityName: Int] {
        guard let source else { return [:] }
        var rows: [EntityName: Int] = [:]
        for entity in playbook.entities { rows[entity.name] = try TableSize(of: entity.source, on: source)?.rows }
        return rows
    }
}

extension DependencyCut {
    /// A foreign key that the compiler found to be cut.
    fileprivate init(_ cut: WaveCut, in playbook: CompiledPlaybook) {
        let parentKey = playbook[cut.parent].map { parent in parent.sourceKey.map { parent.sourceColumns[$0].name } }
        self.init(
            wave: cut.wave, child: cut.child, parent: cut.parent, kind: .foreignKey, columns: cut.columns,
            evidence: cut.foreignKey, extent: cut.extent,
            pointsAtKey: parentKey.map { Set($0) == Set(cut.parentColumns) } ?? false, location: cut.location)
    }
}
