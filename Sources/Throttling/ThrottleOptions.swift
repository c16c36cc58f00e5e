public import LibPQ
public import Model

/// What a throttle watches, beyond its limits.
public struct ThrottleOptions: Sendable {
    /// The limits, of the playbook.
    public var limits: ThrottleLimits
    /// The target's database, where the ledger is.
    public var target: ConnectionString
    /// The source's database; nil for one that cannot be asked, of which nothing is watched then.
    public var source: ConnectionString?
    /// The names that the connector's slot may have; empty when nothing is known of the connector.
    public var slots: [String] = []
    /// The topics of the entities.
    public var topics: [String] = []
    /// How to read where they end; nil when Kafka is not to be asked: the stream's lag is not watched then.
    public var logEnds: LogEndReader?
    /// The wave that is loaded.
    public var wave: WaveName
    /// Host and process, for people to read.
    public var name: String

    /// A throttle for a load of a wave.
    public init(
        _ limits: ThrottleLimits, target: ConnectionString, source: ConnectionString?, wave: WaveName, name: String
    ) {
        self.limits = limits
        self.target = target
        self.source = source
        self.wave = wave
        self.name = name
    }
}
