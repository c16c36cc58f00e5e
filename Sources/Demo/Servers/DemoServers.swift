import Foundation
import LibPQ
import Sandbox

/// The two throwaway clusters, the broker and the working folder. All end with this object.
package final class DemoServers: Sendable {
    package static let topicPartitions = [
        "shop.shop.customers": 4, "shop.shop.orders": 8, "shop.shop.order_lines": 8, "shop.shop.tickets": 4,
        "shop.shop.attachments": 8, "shop.shop.probe": 1,
    ]

    /// What flows back, while both systems are live.
    static let reverseTopicPartitions = ["shop.reverse.crm.customer": 4, "shop.reverse.crm.orders": 8]

    let source: PostgresCluster
    let target: PostgresCluster
    let broker: BrokerProcess
    let folder: String
    let playbookPath: String

    init(executable: String, pilotCustomers: Int) throws {
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-demo.\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var configuration = PostgresCluster.Configuration()
        configuration.isDurable = true
        source = try PostgresCluster(configuration)
        target = try PostgresCluster(configuration)
        let topics = Self.topicPartitions.merging(Self.reverseTopicPartitions) { $1 }
        broker = try BrokerProcess(
            executable: executable, topics: topics.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        try source.createDatabase("shop")
        try target.createDatabase("crm")
        playbookPath = folder + "/playbook.yaml"
        let text = DemoText.playbook.filled(["broker": broker.bootstrapServers, "pilot": String(pilotCustomers)])
        try text.write(toFile: playbookPath, atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var sourceName: String { source.dataSourceName(database: "shop") }
    var targetName: String { target.dataSourceName(database: "crm") }

    /// What the playbook refers to.
    var environment: [String: String] {
        ["TIDEGATE_DEMO_SOURCE": sourceName, "TIDEGATE_DEMO_TARGET": targetName]
    }

    func connectToSource(_ name: String = "shop") throws -> Connection {
        try Connection(ConnectionString(sourceName), applicationName: name)
    }

    func connectToTarget(_ name: String = "demo") throws -> Connection {
        try Connection(ConnectionString(targetName), applicationName: name)
    }

    /// Waits until what the shop has written is in the CRM, or what that has written in the shop.
    func drain(reverse: Bool = false, while alive: () throws -> Void) throws {
        try Drain(
            from: reverse ? connectToTarget() : connectToSource(), to: reverse ? connectToSource() : connectToTarget(),
            topics: reverse ? Self.reverseTopicPartitions : Self.topicPartitions, broker: broker.bootstrapServers,
            limit: .seconds(120)
        ).wait(while: alive)
    }

    /// Makes both schemas and fills the source. Returns the number of rows in the source.
    func fill(customers: Int) throws -> Int {
        let source = try connectToSource()
        try source.execute(DemoText.sourceSchema.text)
        try source.execute(DemoText.seed.filled(["customers": String(customers)]))
        try connectToTarget().execute(DemoText.targetSchema.text)
        return try ComparedTable.all.reduce(0) { sum, table in
            sum + (Int(try source.execute("SELECT count(*) FROM \(table.source)").scalar ?? "") ?? 0)
        }
    }
}
