public import LibPQ
public import Model

/// A playbook that fits its databases, as SQL.
public struct CompiledPlaybook: Sendable {
    /// What it was compiled from.
    public let playbook: Playbook
    /// The SHA-256 of the playbook's normalised text, in hexadecimal: what the ledger pins.
    public let hash: String
    /// Parents before the rows that point at them; entities of one cycle stand together, in file order.
    public let entities: [CompiledEntity]
    /// Groups of entities that reference each other in a circle, each in file order.
    public let cycles: [[EntityName]]
    /// Warnings and notes of the compilation; an error keeps a playbook from being compiled.
    public let findings: [Finding]

    private let byName: [EntityName: Int]
    private let bySource: [TableName: [Int]]

    init(
        playbook: Playbook, hash: String, entities: [CompiledEntity], cycles: [[EntityName]], findings: [Finding]
    ) {
        self.playbook = playbook
        self.hash = hash
        self.entities = entities
        self.cycles = cycles
        self.findings = findings
        byName = Dictionary(uniqueKeysWithValues: entities.enumerated().map { ($1.name, $0) })
        bySource = Dictionary(grouping: entities.indices) { entities[$0].source }
    }

    public var name: String { playbook.name }
    public var limits: Limits { playbook.limits }
    public var kafka: KafkaSection { playbook.kafka }

    /// The entity of that name.
    public subscript(name: EntityName) -> CompiledEntity? { byName[name].map { entities[$0] } }

    /// The entities that take rows of a source table, parents first.
    public func entities(from table: TableName) -> [CompiledEntity] { (bySource[table] ?? []).map { entities[$0] } }

    /// The waves in file order.
    public var waves: [WaveName] { playbook.waves.map(\.name.value) }

    /// The topics of all entities, without repetition, sorted.
    public var topics: [String] { Set(entities.map { kafka.topic(of: $0.source) }).sorted() }

    /// What a target session must have set before it runs the entities' statements (the masking key, if there is one):
    /// `SELECT set_config($1, $2, false)` for each pair. Never part of a statement's text.
    ///
    /// - Throws: `PlaybookError` of code `missingSecret`.
    public func sessionSettings() throws(PlaybookError) -> [(name: String, value: Redacted<String>)] {
        try Self.sessionSettings(of: playbook)
    }

    /// The same for a playbook that is not compiled yet.
    public static func sessionSettings(
        of playbook: Playbook
    ) throws(PlaybookError) -> [(name: String, value: Redacted<String>)] {
        guard let masking = playbook.masking else { return [] }
        return try MaskingKey(masking.key.resolve()).settings
    }

    /// Makes a target session ready for the entities' statements.
    ///
    /// - Throws: `PlaybookError` of code `missingSecret`, or the database's error.
    public func prepare(_ session: Connection) throws {
        for (name, value) in try sessionSettings() {
            try session.query("SELECT set_config($1, $2, false)", [.text(name), .text(value.reveal())])
        }
    }
}
