public import LibPQ
public import Model
public import Playbook

/// What a sync process needs besides the playbook.
public struct SyncOptions: Sendable {
    /// The target, where the ledger is.
    public var target: ConnectionString
    /// The source, for what events do not bring; nil for a source that is known through its topics alone.
    public var source: ConnectionString?
    /// librdkafka's properties, `bootstrap.servers` among them.
    public var kafka: Redacted<[String: String]>
    /// The direction.
    public var flow: Flow
    /// The consumer group. Processes of one group share the partitions.
    public var group: String
    /// How many lanes; nil for the playbook's limit.
    public var lanes: Int?
    /// Who claims the partitions, for people to read.
    public var owner: String
    /// The contracts that the playbook was compiled against; entities without one are not watched.
    public var contracts: [EntityName: PinnedContract]
    /// What the ledger said of playbook and contracts in force when they were read; another value ends the service.
    public var edition: String?
    /// How often the source's catalog is compared with the contracts.
    public var watchInterval: Duration
    /// End when every partition has been consumed to its end as of the start, instead of going on.
    public var stopsAtEnd: Bool

    /// The options of a process that goes on until it is stopped.
    public init(
        target: ConnectionString, source: ConnectionString?, kafka: Redacted<[String: String]>, flow: Flow = .forward,
        group: String, lanes: Int? = nil, owner: String, stopsAtEnd: Bool = false,
        contracts: [EntityName: PinnedContract] = [:], edition: String? = nil, watchInterval: Duration = .seconds(10)
    ) {
        self.contracts = contracts
        self.edition = edition
        self.watchInterval = watchInterval
        self.target = target
        self.source = source
        self.kafka = kafka
        self.flow = flow
        self.group = group
        self.lanes = lanes
        self.owner = owner
        self.stopsAtEnd = stopsAtEnd
    }
}
