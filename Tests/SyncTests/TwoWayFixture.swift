import Capture
import Foundation
import Ledger
import LibPQ
import Logging
import Model
import Playbook
import RDKafka
import Sandbox
import Sync
import Synchronization
import TestSupport
import Testing

/// Two live systems: each side's changes are captured and applied to the other. Rows count as live.
final class TwoWayFixture: Sendable {
    let source: TestDatabase
    let target: TestDatabase
    let forward: CompiledPlaybook
    let reverse: CompiledPlaybook
    private let broker: EmbeddedBroker
    private let captures: [CaptureService]
    private let syncs: [SyncService]
    private let slots: [String]
    private let ended = DispatchGroup()
    private let failures = Mutex<[any Error]>([])

    /// Makes the tables, the topics and both ledgers, and starts everything.
    init(
        _ source: TestDatabase, _ target: TestDatabase, _ broker: EmbeddedBroker, sourceTables: String,
        targetTables: String, entities: String, ownership: String, reverse section: String = "",
        references: String = "wait", partitions: Int = 2
    ) throws {
        self.source = source
        self.target = target
        self.broker = broker
        let sourceSession = try source.connect()
        let targetSession = try target.connect()
        try sourceSession.execute(sourceTables)
        try targetSession.execute(targetTables)
        let names = entities.split(separator: "\n").compactMap { line in
            line.hasPrefix("  ") && !line.hasPrefix("   ") ? line.split(separator: ":")[0].dropFirst(2) : nil
        }
        // Topics of its own: a client of another test may reach this broker, on a port that its own broker has left.
        let prefix = "t\(UInt32.random(in: 0...(.max)))"
        let text = """
            playbook: test
            source:
              postgres: "\(source.dataSourceName)"
            target:
              postgres: "\(target.dataSourceName)"
              references: \(references)
            kafka:
              brokers: [ "\(broker.bootstrapServers)" ]
              topics: "\(prefix).{schema}.{table}"
              properties: { fetch.wait.max.ms: "5" }
            entities:
            \(entities)
            ownership:
            \(ownership)
            \(section)
            waves: { all: { \(names.map { "\($0): all" }.joined(separator: ", ")) } }
            limits: { lanes: 2 }
            """
        let playbook = try Playbook(parsing: text, file: "test.yaml")
        forward = try CompiledPlaybook.compile(playbook, source: sourceSession, target: targetSession)
        let reversed = try #require(try forward.reversed(source: sourceSession, target: targetSession))
        reverse = reversed
        for (compiled, session) in [(forward, targetSession), (reversed, sourceSession)] {
            try Migrations().apply(on: session)
            _ = try Entities(on: session).register(compiled.entities.map(\.name))
            for topic in compiled.topics { try broker.createTopic(topic, partitions: partitions) }
        }
        try targetSession.execute(
            "INSERT INTO tidegate.scope (entity_id, wave, state) SELECT id, 'all', 'live' FROM tidegate.entity")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let quiet = logger
        slots = (0..<2).map { _ in "tidegate_\(UInt32.random(in: 0...(.max)))" }
        let flows = [(forward, source, target, Flow.forward), (reversed, target, source, .reverse)]
        captures = try zip(flows, slots).map { flow, slot in
            var configuration = CaptureConfiguration(
                source: try flow.1.connectionString, slot: slot, publication: slot,
                tables: flow.0.entities.map(\.source), prefix: prefix,
                kafka: Redacted(["bootstrap.servers": broker.bootstrapServers, "linger.ms": "1"]))
            configuration.topics = flow.0.kafka.topics.value
            return CaptureService(configuration, logger: quiet)
        }
        syncs = try flows.map { playbook, from, to, flow in
            SyncService(
                playbook,
                options: SyncOptions(
                    target: try to.connectionString, source: try from.connectionString,
                    kafka: try playbook.kafka.resolvedProperties(), flow: flow, group: "test-\(flow)", owner: "test"),
                logger: quiet)
        }
        for capture in captures { start("capture") { try capture.run() } }
        for capture in captures {
            try waitUntil("the capture streams", within: .seconds(60)) {
                try throwFailure()
                return capture.progress.phase == .streaming
            }
        }
        for sync in syncs { start("sync") { try sync.run() } }
    }

    private func start(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
        ended.enter()
        let thread = Thread { [self] in
            defer { ended.leave() }
            do { try body() } catch { failures.withLock { $0.append(error) } }
        }
        thread.name = name
        thread.start()
    }

    private func throwFailure() throws {
        if let error = failures.withLock({ $0.first }) { throw error }
    }

    func close() {
        for sync in syncs { sync.stop() }
        for capture in captures { capture.stop() }
        ended.wait()
        guard let session = try? source.connect() else { return }
        for slot in slots { _ = try? session.query("SELECT pg_drop_replication_slot($1)", [.text(slot)]) }
    }

    /// Waits until all that both sides have committed has gone to the other, and what that made there has come back.
    func settle() throws {
        for _ in 0..<2 {
            for flow in [Flow.forward, .reverse] {
                let sessions = (try source.connect(), try target.connect())
                do {
                    _ = try drain(flow).wait(
                        source: flow == .forward ? sessions.0 : sessions.1,
                        ledger: flow == .forward ? sessions.1 : sessions.0)
                } catch {
                    try throwFailure()
                    throw WaitedInVain("\(error); \(syncs.flatMap(\.reports).compactMap(\.stall))")
                }
            }
        }
    }

    /// What waits for a flow to have applied all that its source has committed.
    func drain(_ flow: Flow) throws -> FlowDrain {
        let playbook = flow == .forward ? forward : reverse
        return FlowDrain(
            flow, topics: playbook.topics, slots: [slots[flow == .forward ? 0 : 1]], limit: .seconds(60)
        ) { topic in
            try self.ends(topic).mapValues { Model.PartitionProgress.Bound(low: 0, end: $0) }
        }
    }

    /// The ends of a flow's topics, summed.
    func events(_ playbook: CompiledPlaybook) throws -> Int64 {
        try playbook.topics.reduce(0) { sum, topic in try sum + ends(topic).values.reduce(0, +) }
    }

    private func ends(_ topic: String) throws -> [Model.TopicPartition: Int64] {
        let admin = try Admin(Configuration(["bootstrap.servers": broker.bootstrapServers]))
        let count = try admin.describeTopics([topic], timeout: .seconds(10)).topics[topic]?.partitionCount ?? 0
        var ends: [Model.TopicPartition: Int64] = [:]
        for partition in 0..<Int32(count) {
            ends[Model.TopicPartition(topic: topic, partition: partition)] =
                try admin.watermarks(topic, partition, timeout: .seconds(10)).high
        }
        return ends
    }
}

/// Runs `body` with two live systems.
func withTwoWays(
    sourceTables: String, targetTables: String, entities: String, ownership: String, reverse: String = "",
    references: String = "wait", _ body: (TwoWayFixture) throws -> Void
) throws {
    try withDatabases { source, target in
        try withBroker { broker in
            let sides = try TwoWayFixture(
                source, target, broker, sourceTables: sourceTables, targetTables: targetTables, entities: entities,
                ownership: ownership, reverse: reverse, references: references)
            defer { sides.close() }
            try body(sides)
        }
    }
}
