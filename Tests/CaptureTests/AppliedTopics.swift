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

/// Topics of one prefix that the engine applies to a target, each row as it is, while a test fills them step by step.
///
/// Every row counts as live, and nothing is asked of the source.
final class AppliedTopics {
    private let prefix: String
    private let target: Connection
    private let producer: Producer
    private let run: Run
    private var sent: [String: Int] = [:]

    /// - Parameter connector: the configuration of the connector that made the events.
    init(
        _ prefix: String, _ tables: [KeyedTable], _ connector: [String: String], from source: TestDatabase,
        to target: TestDatabase, _ broker: EmbeddedBroker
    ) throws {
        self.prefix = prefix
        self.target = try target.connect()
        for table in tables { try broker.createTopic("\(prefix).public.\(table.name)", partitions: 1) }
        producer = try Producer(
            Configuration(["bootstrap.servers": broker.bootstrapServers, "enable.idempotence": "true"]))
        let text = Self.playbook(prefix, tables, connector, source, target, broker)
        let playbook = try CompiledPlaybook.compile(
            try Playbook(parsing: text, file: "test.yaml"), source: source.connect(), target: self.target)
        try Migrations().apply(on: self.target)
        _ = try Entities(on: self.target).register(playbook.entities.map(\.name))
        try self.target.execute(
            """
            INSERT INTO tidegate.scope (entity_id, wave, state) SELECT id, 'all', 'live' FROM tidegate.entity;
            UPDATE tidegate.entity SET version = version + 1
            """)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let service = SyncService(
            playbook,
            options: SyncOptions(
                target: try target.connectionString, source: nil, kafka: try playbook.kafka.resolvedProperties(),
                group: "\(prefix)-\(target.name)", lanes: 1, owner: "test", stopsAtEnd: false), logger: logger)
        run = Run(service)
    }

    /// Sends what is not sent yet of the first events of each table, and waits until all of it has been applied.
    func advance(to counts: [String: Int], of events: [String: [CapturedEvent]]) throws {
        for (table, count) in counts {
            let events = events[table] ?? []
            for event in events[sent[table, default: 0]..<min(count, events.count)] { try send(event, table) }
            sent[table] = count
        }
        try producer.flush(timeout: .seconds(30))
        let total = String(sent.values.reduce(0, +))
        try waitUntil("\(total) events of \(prefix) are applied") {
            if let error = run.error { throw error }
            return try target.query("SELECT coalesce(sum(consumed), 0) FROM tidegate.checkpoint").scalar == total
        }
    }

    func stop() { run.stop() }

    private func send(_ event: CapturedEvent, _ table: String) throws {
        try Self.lend(event.key) { key in
            try Self.lend(event.value) { value in
                try producer.produce(
                    topic: "\(prefix).public.\(table)", key: key, value: value,
                    headers: event.headers.map { ($0, Array($1.utf8)) })
            }
        }
    }

    private static func lend(_ text: String?, _ body: (UnsafeRawBufferPointer?) throws -> Void) throws {
        guard let text else { return try body(nil) }
        try Array(text.utf8).withUnsafeBytes { try body($0) }
    }

    private static func playbook(
        _ prefix: String, _ tables: [KeyedTable], _ connector: [String: String], _ source: TestDatabase,
        _ target: TestDatabase, _ broker: EmbeddedBroker
    ) -> String {
        let entities = tables.map { table in
            let place = "public.\(table.name)"
            return
                "  \(table.name): { from: \(place), into: \(place), key: [\(table.key.joined(separator: ", "))], fields: same }"
        }
        let modes = connector.keys.sorted().filter { $0.contains(".mode") || $0.contains("placeholder") }
        return """
            playbook: test
            source:
              postgres: "\(source.dataSourceName)"
              connector: { \(modes.map { "\($0): \"\(connector[$0] ?? "")\"" }.joined(separator: ", ")) }
            target:
              postgres: "\(target.dataSourceName)"
              references: replica
            kafka:
              brokers: [ "\(broker.bootstrapServers)" ]
              topics: "\(prefix).{schema}.{table}"
              properties: { fetch.wait.max.ms: "5" }
            entities:
            \(entities.joined(separator: "\n"))
            waves: { all: { \(tables.map { "\($0.name): all" }.joined(separator: ", ")) } }
            """
    }
}

/// A service that runs on a thread of its own.
private final class Run: Sendable {
    private let service: SyncService
    private let ended = DispatchSemaphore(value: 0)
    private let failure = Mutex<(any Error)?>(nil)

    init(_ service: SyncService) {
        self.service = service
        let thread = Thread { [self] in
            do { try service.run() } catch { failure.withLock { $0 = error } }
            ended.signal()
        }
        thread.start()
    }

    /// The error that ended it.
    var error: (any Error)? { failure.withLock { $0 } }

    func stop() {
        service.stop()
        ended.wait()
    }
}
