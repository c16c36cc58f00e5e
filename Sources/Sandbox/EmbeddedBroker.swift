import Foundation
public import RDKafka
import Synchronization

/// A Kafka broker for tests and demonstrations: librdkafka's mock cluster in this process.
///
/// When the environment variable `TIDEGATE_KAFKA` holds the bootstrap address of a real broker, that one is used, and the
/// topics made here are deleted from it by `close()`; what only a mock can do is then not available (`mock` is nil).
///
/// The mock keeps 5 MiB of compressed batches, or 100,000 batches, per partition and drops older ones: give a topic enough
/// partitions, compress, and use large producer batches. `MockCluster` lists its other limits.
public final class EmbeddedBroker: Sendable {
    /// The environment variable that names a real broker.
    public static let environmentVariable = "TIDEGATE_KAFKA"

    /// The real broker to use, if one is named.
    public static var externalBootstrapServers: String? { ProcessInfo.processInfo.environment[environmentVariable] }

    /// The mock cluster, for injecting errors; nil with a real broker.
    public let mock: MockCluster?
    /// What goes into `bootstrap.servers`.
    public let bootstrapServers: String
    private let made = Mutex<Set<String>>([])

    /// Starts a mock cluster, or uses the real broker named.
    public init(
        brokers: Int = 1,
        external: String? = EmbeddedBroker.externalBootstrapServers
    ) throws {
        if let external, !external.isEmpty {
            mock = nil
            bootstrapServers = external
        } else {
            let cluster = try MockCluster(brokers: brokers)
            mock = cluster
            bootstrapServers = cluster.bootstrapServers
        }
    }

    deinit { try? close() }

    /// Makes an empty topic. On a real broker one of that name is deleted first.
    public func createTopic(_ name: String, partitions: Int) throws {
        if let mock { return try mock.createTopic(name, partitions: partitions) }
        let admin = try Admin(Configuration(["bootstrap.servers": bootstrapServers]))
        made.withLock { _ = $0.insert(name) }
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let topic = Admin.NewTopic(name, partitions: partitions)
            guard let error = try admin.createTopics([topic], timeout: .seconds(10))[name] else { return }
            guard error.code == .topicAlreadyExists, ContinuousClock.now < deadline else { throw error }
            try admin.deleteTopics([name], timeout: .seconds(10))
            // The broker deletes in its own time, and tells nobody.
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    /// Deletes the topics made on a real broker. The mock goes with this object.
    public func close() throws {
        guard mock == nil else { return }
        let names = made.withLock { names in
            defer { names = [] }
            return Array(names)
        }
        guard !names.isEmpty else { return }
        try Admin(Configuration(["bootstrap.servers": bootstrapServers])).deleteTopics(names, timeout: .seconds(10))
    }
}
