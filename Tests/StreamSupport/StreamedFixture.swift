public import Baseline
import Capture
import Foundation
import Ledger
public import LibPQ
import Logging
public import Model
public import Playbook
import RDKafka
public import Sandbox
import Sync
public import Synchronization
public import TestSupport

/// Everything that a migration has, running: a source, its capture, a broker, a sync, a target.
public final class StreamedFixture: Sendable {
    public let source: ConnectionString
    public let target: TestDatabase
    public let broker: EmbeddedBroker
    public let playbookText: String
    public let playbook: CompiledPlaybook
    public let slot: String
    public let events = Mutex<[LoadEvent]>([])
    private let capture: CaptureService
    private let sync: Mutex<SyncService>
    private let syncEnded = DispatchGroup()
    private let ended = DispatchGroup()
    private let failures = Mutex<[any Error]>([])

    /// Makes the tables and topics, and starts capture and sync.
    public init(
        source: ConnectionString, sourceName: String, target: TestDatabase, broker: EmbeddedBroker, tables: String,
        targetTables: String, entities: String, waves: String, topics: [String: Int], limits: String,
        ownership: String = "", references: String = "replica"
    ) throws {
        self.source = source
        self.target = target
        self.broker = broker
        slot = "tidegate_\(UInt32.random(in: 0...(.max)))"
        let sourceSession = try Connection(source, applicationName: "test")
        let targetSession = try target.connect()
        try sourceSession.execute(tables)
        try targetSession.execute(targetTables)
        playbookText = """
            playbook: test
            source:
              postgres: "\(sourceName)"
              connector: { slot.name: \(slot) }
            target:
              postgres: "\(target.dataSourceName)"
              references: \(references)
            kafka:
              brokers: [ "\(broker.bootstrapServers)" ]
              topics: "t.{schema}.{table}"
              format: debezium-json
              properties: { fetch.wait.max.ms: "5" }
            entities:
            \(entities)
            waves: \(waves)
            limits: \(limits)
            \(ownership.isEmpty ? "" : "ownership: \(ownership)")

            """
        playbook = try CompiledPlaybook.compile(
            try Playbook(parsing: playbookText, file: "test.yaml"), source: sourceSession, target: targetSession)
        try Migrations().apply(on: targetSession)
        _ = try Entities(on: targetSession).register(playbook.entities.map(\.name))
        for (table, partitions) in topics { try broker.createTopic("t.public.\(table)", partitions: partitions) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        capture = CaptureService(
            CaptureConfiguration(
                source: source, slot: slot, publication: slot,
                tables: topics.keys.map { TableName(schema: "public", name: $0) }, prefix: "t",
                kafka: Redacted(["bootstrap.servers": broker.bootstrapServers, "linger.ms": "1"])), logger: logger)
        sync = Mutex(try Self.makeSync(playbook, source, target, group: "test"))
        let capture = self.capture
        start("capture") { try capture.run() }
        try waitUntil("the capture streams", within: .seconds(60)) {
            try throwFailure()
            return capture.progress.phase == .streaming
        }
        startSync()
    }

    private static func makeSync(
        _ playbook: CompiledPlaybook, _ source: ConnectionString, _ target: TestDatabase, group: String
    ) throws -> SyncService {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return SyncService(
            playbook,
            options: SyncOptions(
                target: try target.connectionString, source: source, kafka: try playbook.kafka.resolvedProperties(),
                group: group, lanes: 2, owner: group), logger: logger)
    }

    private func startSync() {
        let sync = self.sync.withLock { $0 }
        syncEnded.enter()
        start("sync") { [self] in
            defer { syncEnded.leave() }
            try sync.run()
        }
    }

    /// Runs `body` while nothing is applied; then another sync takes over, in a group of its own: the embedded broker takes
    /// a session's timeout to let a second member into a group that another has left.
    public func withoutSync(_ body: () throws -> Void) throws {
        sync.withLock { $0 }.stop()
        syncEnded.wait()
        try body()
        let next = try Self.makeSync(playbook, source, target, group: "test-\(UInt32.random(in: 0...(.max)))")
        sync.withLock { $0 = next }
        startSync()
    }

    /// Runs `body` on a thread of its own that `close` waits for.
    public func start(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
        ended.enter()
        let thread = Thread { [self] in
            defer { ended.leave() }
            do { try body() } catch { failures.withLock { $0.append(error) } }
        }
        thread.name = name
        thread.start()
    }

    public func throwFailure() throws {
        if let error = failures.withLock({ $0.first }) { throw error }
    }

    /// Ends all of it.
    public func close() {
        sync.withLock { $0 }.stop()
        capture.stop()
        ended.wait()
        _ = try? Connection(source, applicationName: "test").query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1",
            [.text(slot)])
    }

    /// Options of a load.
    public func options() throws -> LoadOptions {
        let playbook = playbook
        let admin = try Admin(RDKafka.Configuration(["bootstrap.servers": broker.bootstrapServers]))
        var options = LoadOptions(source: source, target: try target.connectionString) {
            playbook.kafka.topic(of: $0)
        }
        options.slots = [slot]
        options.publications = [slot]
        options.sealTimeout = .seconds(20)
        options.report = { event in self.events.withLock { $0.append(event) } }
        options.logEnds = { topic in
            let count = try admin.describeTopics([topic], timeout: .seconds(10)).topics[topic]?.partitionCount ?? 0
            var ends: [Model.TopicPartition: PartitionProgress.Bound] = [:]
            for partition in 0..<Int32(count) {
                let marks = try admin.watermarks(topic, partition, timeout: .seconds(10))
                let place = Model.TopicPartition(topic: topic, partition: partition)
                ends[place] = PartitionProgress.Bound(low: marks.low, end: marks.high)
            }
            return ends
        }
        return options
    }

    /// Loads a wave.
    @discardableResult
    public func load(_ wave: WaveName, _ change: (inout LoadOptions) -> Void = { _ in }) throws -> WaveLoad.Outcome {
        var options = try options()
        change(&options)
        return try WaveLoad(playbook, wave: wave, options: options).run()
    }

    /// Waits until everything that the source has committed is in the checkpoints.
    public func drain() throws {
        let session = try Connection(source, applicationName: "test")
        let end = try session.query("SELECT pg_current_wal_lsn()").scalar.flatMap { LSN($0) } ?? LSN(rawValue: 0)
        try waitUntil("the capture has confirmed \(end)", within: .seconds(60)) {
            try throwFailure()
            return capture.progress.confirmed >= end
        }
        let target = try target.connect()
        guard let logEnds = try options().logEnds else { return }
        for topic in playbook.topics {
            let ends = try logEnds(topic)
            try waitUntil("the sync is at the end of \(topic)", within: .seconds(60)) {
                try throwFailure()
                let reached = try Checkpoints(on: target).find(flow: .forward, topic: topic)
                return ends.allSatisfy { $1.low == $1.end || (reached[$0]?.nextOffset ?? 0) >= $1.end }
            }
        }
    }

    /// Where the two sides differ: the rows that only one has, with the side's name in front.
    public func differences(_ sql: String, onTarget targetSQL: String? = nil) throws -> [String] {
        func rows(_ connection: Connection, _ sql: String) throws -> Set<String> {
            let result = try connection.query(sql)
            return Set(
                result.rows.map { row in
                    (0..<result.columnCount).map { row[$0].map { String($0.prefix(40)) } ?? "-" }
                        .joined(separator: "|")
                })
        }
        let here = try rows(Connection(source, applicationName: "test"), sql)
        let there = try rows(target.connect(), targetSQL ?? sql)
        return (here.subtracting(there).map { "source " + $0 } + there.subtracting(here).map { "target " + $0 })
            .sorted()
    }

    /// Whether P4's sum holds, with at least one event.
    public func accountingHolds() throws -> Bool {
        let totals = try Status(on: target.connect()).totals(flow: "forward")
        return totals.consumed > 0
            && totals.consumed == totals.applied + totals.superseded + totals.skipped + totals.quarantined
    }
}

/// Runs `body` with everything running on the shared cluster.
public func withStream(
    tables: String, targetTables: String, entities: String, waves: String, topics: [String: Int] = ["t": 3],
    limits: String = "{ lanes: 2, load_workers: 2, source_connections: 2, chunk_bytes: 65536 }", ownership: String = "",
    references: String = "replica", _ body: (StreamedFixture) throws -> Void
) throws {
    try withDatabases { source, target in
        try withBroker { broker in
            let fixture = try StreamedFixture(
                source: source.connectionString, sourceName: source.dataSourceName, target: target, broker: broker,
                tables: tables, targetTables: targetTables, entities: entities, waves: waves, topics: topics,
                limits: limits, ownership: ownership, references: references)
            defer { fixture.close() }
            try body(fixture)
        }
    }
}
