/// Brokers and topics of a cluster, as a broker told.
public struct ClusterMetadata: Sendable {
    /// A broker.
    public struct Broker: Sendable, Hashable {
        /// Its number.
        public let id: Int32
        /// The host it advertises.
        public let host: String
        /// The port it advertises.
        public let port: Int
    }

    /// A topic.
    public struct Topic: Sendable {
        /// Its name.
        public let name: String
        /// How many partitions it has; 0 if it has an error.
        public let partitionCount: Int
        /// For example that it does not exist.
        public let error: KafkaError?
    }

    /// The brokers.
    public let brokers: [Broker]
    /// The topics asked for, by name.
    public let topics: [String: Topic]
}
