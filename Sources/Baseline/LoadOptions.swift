public import Ledger
public import LibPQ
public import Model
public import Throttling

/// How a wave is loaded, beyond what the playbook says.
public struct LoadOptions: Sendable {
    /// The source's database; nil for baselines from files or topics of a source that cannot be asked.
    public var source: ConnectionString?
    /// The target's database, where the ledger is.
    public var target: ConnectionString
    /// What a target session must have set before the entities' statements run.
    public var sessionSettings: [(name: String, value: Redacted<String>)] = []
    /// The names that the connector's replication slot may have, the first that the source has being meant. By the slot
    /// is known from where on the stream brings everything, and that everything up to the seal is in the topics. Empty
    /// when nothing is known of the connector.
    public var slots: [String] = []
    /// The names that the connector's publication may have, the first that the source has being meant. A load of a table
    /// that is not in it is refused. Empty when nothing is known of the connector.
    public var publications: [String] = []
    /// Where the baseline comes from.
    public var origin = BaselineOrigin.source
    /// For `csv`: the folder that holds `<entity>.csv` for each entity.
    public var folder: String?
    /// The topic of an entity's source table.
    public var topic: @Sendable (TableName) -> String
    /// The ends of a topic's partitions now; empty for a topic that does not exist. nil when Kafka is not to be asked:
    /// then only positions count.
    public var logEnds: (@Sendable (String) throws -> [TopicPartition: PartitionProgress.Bound])?
    /// Load rows anew that are loaded already, because changes of theirs were lost.
    public var again = false
    /// The entities of the wave to load; nil for all of them.
    public var entities: [EntityName]?
    /// How long the stream may take to pass the seal; nil: for ever.
    public var sealTimeout: Duration?
    /// For a pilot: so many chunks of each entity are loaded, and the rest is left for later. nil: all of them.
    public var pilotChunks: Int?
    /// What holds the workers back between chunks; nil for nothing. It is the caller's to start and to stop.
    public var throttle: ThrottleMonitor?
    /// Told of what happens.
    public var report: @Sendable (LoadEvent) -> Void = { _ in }
    /// Called at each pause point.
    public var pause: @Sendable (PausePoint) throws -> Void = { _ in }
    /// Asked between chunks whether to stop.
    public var shouldStop: @Sendable () -> Bool = { false }

    /// Options to load from `source` into `target`.
    public init(
        source: ConnectionString?, target: ConnectionString, topic: @escaping @Sendable (TableName) -> String
    ) {
        self.source = source
        self.target = target
        self.topic = topic
    }
}
