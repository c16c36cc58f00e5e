public import Model

/// What both catalogs, some rows and earlier loads say about a migration: what depends on what, what each wave takes and
/// how long it may take, and what is wrong with the waves.
public struct MigrationPlan: Sendable, Encodable {
    /// One entity.
    public struct Entity: Sendable, Encodable {
        public let name: EntityName
        public let source: String
        public let target: String
        /// Smaller for what is written first.
        public let rank: Int
        public let isSelfReferencing: Bool
        /// What depends on its tables and the playbook does not speak of.
        public let dependents: [HiddenDependent]
    }

    /// One entity's part of a wave.
    public struct Scope: Sendable, Encodable {
        public let entity: EntityName
        /// As the playbook has it.
        public let rows: String
        /// nil when the source cannot be asked.
        public let volume: ScopeVolume?
        /// nil when nothing is known of its rate.
        public let duration: DurationEstimate?
    }

    /// One wave.
    public struct Wave: Sendable, Encodable {
        public let name: WaveName
        /// Parents first.
        public let scopes: [Scope]
        /// The sum of what is known.
        public let rows: Int
        public let bytes: Int
        /// nil when nothing is known of an entity's rate: unknown until a first load.
        public let duration: DurationEstimate?
        public let cuts: [DependencyCut]
        /// What would mend the wave; nil when it cuts nothing for certain.
        public let closure: WaveClosure?
    }

    public let playbook: String
    /// Parents first.
    public let entities: [Entity]
    public let dependencies: [DependencyEdge]
    public let cycles: [[DependencyNode]]
    public let waves: [Wave]
    public let suggestion: WaveSuggestion?
    /// What could not be found out, and what else is worth knowing.
    public let notes: [String]

    /// Whether a wave is refused.
    public var isRefused: Bool { waves.contains { $0.closure != nil } }
}
