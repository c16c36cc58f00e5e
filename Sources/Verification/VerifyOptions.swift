public import LibPQ
public import Model

/// How both sides are compared, beyond what the playbook says.
public struct VerifyOptions: Sendable {
    /// The source's database.
    public var source: ConnectionString
    /// The target's database, where the ledger is.
    public var target: ConnectionString
    /// What a target session must have set before the entities' statements run.
    public var sessionSettings: [(name: String, value: Redacted<String>)] = []
    /// The names that the connector's replication slot may have, the first that the source has being meant.
    public var slots: [String] = []
    /// The topic of an entity's source table.
    public var topic: @Sendable (TableName) -> String
    /// The ends of a topic's partitions now; nil when Kafka is not to be asked.
    public var logEnds: (@Sendable (String) throws -> [TopicPartition: PartitionProgress.Bound])?
    /// Only the entities of this wave.
    public var wave: WaveName?
    /// Only these entities; empty for all.
    public var entities: [EntityName] = []
    /// Only ranges without a certificate, or that have changed since theirs.
    public var onlyDirty = false
    /// Whether rows that have drifted are written again.
    public var repairs = false
    /// How long it may take; nil: as long as it takes. What is not compared by then is unproven.
    public var budget: Duration?
    /// How long one statement may take, and so one snapshot be held.
    public var statementTimeout = Duration.seconds(300)
    /// How long a lock is waited for.
    public var lockTimeout = Duration.seconds(5)
    /// How long it is tried to prove of a row that differs whether it has drifted.
    public var patience = Duration.seconds(30)
    /// Threads, each with a connection to either side.
    public var workers = 4
    /// Told of what happens.
    public var report: @Sendable (VerifyEvent) -> Void = { _ in }
    /// Asked between ranges whether to stop.
    public var shouldStop: @Sendable () -> Bool = { false }

    /// Options to compare `source` with `target`.
    public init(
        source: ConnectionString, target: ConnectionString, topic: @escaping @Sendable (TableName) -> String
    ) {
        self.source = source
        self.target = target
        self.topic = topic
    }
}
