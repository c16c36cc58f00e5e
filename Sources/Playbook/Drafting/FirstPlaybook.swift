public import LibPQ
public import Model

/// A first playbook, written from both catalogs: what matches is mapped, what does not stands in comments.
public struct FirstPlaybook: Sendable {
    /// What the catalogs do not say.
    public struct Settings: Sendable {
        /// The migration's name.
        public var name: String
        /// How the playbook is to refer to the source: a connection string without a password, or a reference.
        public var source: String
        /// How the playbook is to refer to the target.
        public var target: String
        /// `host:port` of some brokers.
        public var brokers: [String]
        /// The pattern of topic names.
        public var topics: String

        /// The settings of a first playbook.
        public init(name: String, source: String, target: String, brokers: [String], topics: String) {
            self.name = name
            self.source = source
            self.target = target
            self.brokers = brokers
            self.topics = topics
        }
    }

    /// The playbook's text.
    public let text: String
    /// How many entities it has.
    public let entityCount: Int
    /// Source tables that it leaves out.
    public let leftOut: [TableName]

    /// Reads both catalogs and writes the playbook.
    public init(_ settings: Settings, source: Connection, target: Connection) throws(PostgresError) {
        let sourceCatalog = try Catalog(reading: Catalog.tableNames(on: source), on: source)
        let targetCatalog = try Catalog(reading: Catalog.tableNames(on: target), on: target)
        let matches = TableMatch.all(sourceCatalog, targetCatalog)
        let entities = matches.mapped.map { EntityText($0) }
        entityCount = entities.count
        leftOut = matches.unmatched + entities.filter { !$0.isUsable }.map(\.match.source.name)
        var lines = Self.head(settings, sourceCatalog)
        lines += ["entities:"] + entities.flatMap(\.lines)
        if entities.isEmpty { lines.append("  # no table of the source has a table of the target to match") }
        if !matches.unmatched.isEmpty {
            lines += ["", "  # Source tables without a target table of the same name:"]
            lines += matches.unmatched.map { "  #   \($0)" }
        }
        lines += Self.waves(entities.filter(\.isUsable))
        lines += [
            "", "limits:", "  batch_rows: 20000", "  lanes: 4", "  load_workers: 4", "  source_connections: 4", "",
        ]
        text = lines.joined(separator: "\n")
    }

    private static func head(_ settings: Settings, _ catalog: Catalog) -> [String] {
        let replacesNull = catalog.tables.values.contains { table in
            table.columns.contains { !$0.isNotNull && $0.defaultExpression != nil }
        }
        let why = replacesNull ? "NULL stays NULL in columns that have a default" : "NULL stays NULL"
        return [
            "# The contract of a migration. `tidegate check` says what is wrong with it, with line and column.",
            "playbook: \(YAMLText.value(settings.name))",
            "source:",
            "  postgres: \(YAMLText.value(settings.source))",
            "  # As the connector is configured. With `tidegate capture` in its place: connector.class: tidegate",
            "  connector:",
            "    decimal.handling.mode: string              # every number as it is, NaN among them",
            "    interval.handling.mode: string             # months stay months",
            "    value.converter.replace.null.with.default: false   # \(why)",
            "    skipped.operations: none                   # TRUNCATE is sent",
            "    heartbeat.interval.ms: 10000               # the slot moves on while the tables rest",
            "    # On the source: REPLICA IDENTITY FULL for tables with large columns.",
            "target:",
            "  postgres: \(YAMLText.value(settings.target))",
            "  references: wait                   # or replica: apply sessions check no foreign key, fire no trigger",
            "kafka:",
            "  brokers: [\(settings.brokers.map(YAMLText.quoted).joined(separator: ", "))]",
            "  topics: \(YAMLText.quoted(settings.topics))",
            "  format: debezium-json",
            "",
        ]
    }

    /// One wave for each rank of the entities, parents first.
    private static func waves(_ entities: [EntityText]) -> [String] {
        let names = entities.map(\.match.entity)
        var parents: [EntityName: Set<EntityName>] = [:]
        for entity in entities {
            let keys = entity.match.target.foreignKeys.map(\.parent)
            let sourceKeys = entity.match.source.foreignKeys.map(\.parent)
            parents[entity.match.entity] = Set(
                entities.filter { other in
                    keys.contains(other.match.target.name) || sourceKeys.contains(other.match.source.name)
                }.map(\.match.entity))
        }
        let order = ReferenceOrder(names, parents: parents)
        let ranks = Set(names.map { order.place(of: $0).rank }).sorted()
        guard !ranks.isEmpty else { return [] }
        var lines = [
            "", "# Parents first. Narrow a scope with SQL over the source row, or with `via PARENT on COLUMN`.",
            "waves:",
        ]
        for (number, rank) in ranks.enumerated() {
            lines.append("  wave\(number + 1):")
            for name in names where order.place(of: name).rank == rank {
                lines.append("    \(YAMLText.value(name.rawValue)): all")
            }
        }
        return lines
    }
}
