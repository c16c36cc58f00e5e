public import LibPQ
public import Model

/// What a rollback does with rows of the wave that somebody else than Tidegate has written since the load.
public enum WrittenRowsPolicy: String, Sendable, CaseIterable {
    /// The rollback is refused while there are any.
    case refuse
    /// They go, as the others do; the audit trail says how many.
    case delete
    /// They stay as they are.
    case keep
}

/// How a wave is rolled back, beyond what the playbook says.
public struct RollbackOptions: Sendable {
    /// The source's database: it says which rows are in the wave now. nil for a source that cannot be asked.
    public var source: ConnectionString?
    /// The target's database, where the ledger is.
    public var target: ConnectionString
    /// What a target session must have set before the entities' statements run.
    public var sessionSettings: [(name: String, value: Redacted<String>)] = []
    public var written = WrittenRowsPolicy.refuse
    /// Whether everything is done and then undone, to see what it comes to.
    public var isPreview = false

    /// Options to roll a wave back on `target`.
    public init(source: ConnectionString?, target: ConnectionString) {
        self.source = source
        self.target = target
    }
}

/// What a rollback has done to an entity, or would do.
public struct RolledBackEntity: Sendable, Hashable, Codable {
    public let name: String
    /// Rows that left the target.
    public var deleted = 0
    /// Rows that are again as they were before the wave.
    public var restored = 0
    /// Rows that stay: another wave has them too, or the policy says so.
    public var kept = 0
    /// Rows of the wave that the stream has written since its load.
    public var writtenByStream = 0
    /// Rows of the wave that somebody else has written since, or made.
    public var writtenByOthers = 0
    /// Events and rows of the wave that were set aside, and are given up.
    public var setAside = 0
}
