import Demo
import Foundation
import LibPQ
import RDKafka
import Sandbox
import TestSupport

/// Where a round happens: the demonstration's shop and CRM in fresh databases, and a broker of three in this process.
///
/// Everything that a round concludes comes from SQL of its own and from the broker.
final class Place {
    static let group = "tidegate-shop"
    static let topics = DemoServers.topicPartitions
    static let brokers: ClosedRange<Int32> = 1...3

    let clusters: Clusters
    let broker: MockCluster
    let folder: String
    let playbookPath: String
    /// Under the target's table of attachments, when this round is to fill it up.
    let disk: SmallDisk?

    /// Makes databases, topics and playbook, and fills the source.
    init(_ clusters: Clusters, folder: String, customers: Int, withDisk: Bool) throws {
        self.clusters = clusters
        self.folder = folder
        playbookPath = "\(folder)/playbook.yaml"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        broker = try MockCluster(brokers: Self.brokers.count)
        for (topic, partitions) in Self.topics { try broker.createTopic(topic, partitions: partitions) }
        try clusters.source.createDatabase("shop")
        try clusters.target.createDatabase("crm")
        disk = withDisk ? try SmallDisk(megabytes: 24) : nil
        let source = try connectToSource()
        try source.execute(DemoText.sourceSchema.text)
        try source.execute(DemoText.seed.filled(["customers": String(customers)]))
        let target = try connectToTarget()
        try target.execute(DemoText.targetSchema.text)
        if let disk {
            try target.execute("CREATE TABLESPACE small LOCATION '\(disk.path)'")
            try target.execute("ALTER TABLE crm.attachment SET TABLESPACE small")
        }
        try playbook(customers).write(toFile: playbookPath, atomically: true, encoding: .utf8)
    }

    /// The demonstration's, with small batches and chunks, and a group that gives members up soon.
    private func playbook(_ customers: Int) -> String {
        DemoText.playbook.filled(["broker": broker.bootstrapServers, "pilot": String(customers / 2)])
            .replacing(
                #"fetch.wait.max.ms: "10""#,
                with: """
                    fetch.wait.max.ms: "10", session.timeout.ms: "4500", heartbeat.interval.ms: "500", \
                    topic.metadata.refresh.interval.ms: "2000", reconnect.backoff.max.ms: "1000"
                    """
            )
            .replacing("limits:\n", with: "limits:\n  batch_rows: 100\n  chunk_bytes: 65536\n")
    }

    /// Drops the databases.
    func close() throws {
        try clusters.source.dropDatabase("shop")
        try clusters.target.dropDatabase("crm")
        if let disk {
            try Connection(clusters.target.connectionString(), applicationName: "chaos")
                .execute("DROP TABLESPACE small")
            disk.unmount()
        }
    }

    /// What the playbook refers to.
    var environment: [String: String] {
        [
            "TIDEGATE_DEMO_SOURCE": clusters.source.dataSourceName(database: "shop"),
            "TIDEGATE_DEMO_TARGET": clusters.target.dataSourceName(database: "crm"),
        ]
    }

    func connectToSource() throws -> Connection {
        try Connection(clusters.source.connectionString(database: "shop"), applicationName: "chaos")
    }

    func connectToTarget() throws -> Connection {
        try Connection(clusters.target.connectionString(database: "crm"), applicationName: "chaos")
    }

    /// The offsets after the last message of each partition.
    func logEnds() throws -> [TopicPartition: Int64] {
        let admin = try Admin(Configuration(["bootstrap.servers": broker.bootstrapServers]))
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try admin.listOffsets(Self.partitions, at: .latest, timeout: .seconds(20))
            } catch {
                // An injected error was meant for another, and struck us.
                guard error.isRetriable, ContinuousClock.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    static var partitions: [TopicPartition] {
        topics.sorted { $0.key < $1.key }.flatMap { topic, count in
            (0..<Int32(count)).map { TopicPartition(topic, $0) }
        }
    }
}
