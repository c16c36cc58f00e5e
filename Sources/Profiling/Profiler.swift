import ChangeEvents
public import LibPQ
public import Model
public import Playbook

/// Profiles the source's rows of entities: what they are like, and what of them the target would not take.
///
/// The source is read in short transactions, the target in one that is rolled back. Only counts are kept unless values are
/// asked for.
public struct Profiler {
    /// What is wished.
    public struct Options: Sendable {
        /// How many rows are looked at, about, of a table.
        public var rows = 20_000
        /// Whether every row is looked at, as far as the budget goes.
        public var isFull = false
        /// How long all of it may take.
        public var budget = Duration.seconds(120)
        /// Whether the most frequent values and exact bounds are told.
        public var showsValues = false
        /// The wave whose rows are looked at; nil for all.
        public var wave: WaveName?

        /// The default options.
        public init() {}
    }

    private let playbook: CompiledPlaybook
    private let source: Connection
    private let target: Connection
    private let options: Options
    private let sources: Catalog
    private let targets: Catalog

    private static let mostMapped = 10_000

    /// A profiler; both connections outside a transaction, the target's with the playbook's session settings.
    public init(
        _ playbook: CompiledPlaybook, source: Connection, target: Connection, options: Options = Options()
    ) throws {
        self.playbook = playbook
        self.source = source
        self.target = target
        self.options = options
        sources = try Catalog(reading: playbook.entities.map(\.source), on: source)
        targets = try Catalog(reading: playbook.entities.map(\.target), on: target)
    }

    /// The entities that there is something to say about: those of the wave, or all, parents first.
    public var entities: [CompiledEntity] {
        playbook.entities.filter { entity in options.wave.map { entity.scope(in: $0) != nil } ?? true }
    }

    /// Profiles entities one after the other; what is left of the budget is shared among those that are left.
    ///
    /// - Parameter report: told of each, with its number from 1, when it is begun.
    public func profiles(
        of entities: [CompiledEntity], report: (CompiledEntity, Int) -> Void
    ) throws -> [EntityProfile] {
        let deadline = ContinuousClock.now + options.budget
        return try entities.enumerated().compactMap { number, entity in
            report(entity, number + 1)
            let share = max(.zero, deadline - .now) / (entities.count - number)
            return try profile(entity, until: .now + share)
        }
    }

    /// Profiles one entity; nil when a table is not there any more.
    func profile(_ entity: CompiledEntity, until deadline: ContinuousClock.Instant) throws -> EntityProfile? {
        guard let sourceTable = sources[entity.source], let targetTable = targets[entity.target],
            let size = try TableSize(of: entity.source, on: source)
        else { return nil }
        let begun = ContinuousClock.now
        let reader = BoundedReader(source, until: deadline)
        let scope = options.wave.flatMap { entity.scope(in: $0) }
        let condition = scope?.sourcePredicate ?? "true"
        let reading = SourceReading(
            entity: entity, table: sourceTable, reader: reader, size: size, condition: condition, options: options)
        let read = try reading.read()
        var notes = read.notes
        try target.execute("BEGIN; SET LOCAL statement_timeout = '60s'; SET LOCAL client_min_messages = warning")
        defer { if target.transactionStatus != .idle { _ = try? target.execute("ROLLBACK") } }
        let mapping = MappedSample(entity: entity, table: targetTable, reader: reader, target: target)
        let mapped = try mapping.map(min(options.rows, Self.mostMapped), where: condition, options.showsValues)
        notes += mapped.notes
        let keys = KeyProbe(
            entity: entity, playbook: playbook, sourceTable: sourceTable, targetTable: targetTable,
            reader: reader, target: target, condition: condition, sample: reading.sample, staged: mapped.rows)
        let (duplicates, orphans) = (try keys.duplicates(), try keys.orphans())
        let columns = options.showsValues ? read.columns : read.columns.map(\.withoutValues)
        return EntityProfile(
            entity: entity.name.rawValue, wave: scope?.wave.rawValue, source: entity.source.description,
            target: entity.target.description, rowsEstimated: read.rowsEstimated, rowsLooked: read.rowsLooked,
            isSample: read.isSample, rowsMapped: mapped.rows, columns: columns,
            fields: options.showsValues ? mapped.fields : mapped.fields.map(\.withoutValues),
            rejections: mapped.rejections, duplicates: duplicates, orphans: orphans,
            suggestions: DefectSearch(entity: entity, profile: read.columns, rejections: mapped.rejections)
                .suggestions(),
            notes: notes, seconds: (ContinuousClock.now - begun) / .seconds(1))
    }
}
