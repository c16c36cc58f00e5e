import Capture
import ChangeEvents
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

/// A live source that is captured and applied under contracts, as `tidegate sync` does it: when another playbook or
/// contract is put in force, a new service takes it up. Tables `item` and `other`; rows count as live.
final class DriftFixture: Sendable {
    let source: TestDatabase
    let target: TestDatabase
    private let prefix = "t\(UInt32.random(in: 0...(.max)))"
    private let broker: EmbeddedBroker
    private let interval: Duration
    private let capture: CaptureService
    private let slot = "tidegate_\(UInt32.random(in: 0...(.max)))"
    private let text: Mutex<String>
    private let current = Mutex<SyncService?>(nil)
    private let isStopping = Atomic<Bool>(false)
    private let ended = DispatchGroup()
    private let failures = Mutex<[any Error]>([])
    private let quiet: Logger

    static let tables = """
        CREATE TABLE item (id bigint PRIMARY KEY, name text, n int NOT NULL, note text);
        CREATE TABLE other (id bigint PRIMARY KEY, n int)
        """

    /// - Parameter items: what the entity `items` has beside its tables and key.
    init(
        _ source: TestDatabase, _ target: TestDatabase, _ broker: EmbeddedBroker, items: String, interval: Duration
    ) throws {
        self.source = source
        self.target = target
        self.broker = broker
        self.interval = interval
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        quiet = logger
        text = Mutex("")
        for database in [source, target] { try database.connect().execute(Self.tables) }
        for table in ["item", "other"] { try broker.createTopic("\(prefix).public.\(table)", partitions: 2) }
        var configuration = CaptureConfiguration(
            source: try source.connectionString, slot: slot, publication: slot,
            tables: ["item", "other"].map { TableName(schema: "public", name: $0) }, prefix: prefix,
            kafka: Redacted(["bootstrap.servers": broker.bootstrapServers, "linger.ms": "1"]))
        configuration.modes = try ConnectorModes(properties: ["decimal.handling.mode": "string"])
        capture = CaptureService(configuration, logger: quiet)
        let ledger = try target.connect()
        try Migrations().apply(on: ledger)
        _ = try Entities(on: ledger).register(["items", "others"])
        try accept(items: items)
        try ledger.execute(
            """
            INSERT INTO tidegate.scope (entity_id, wave, state) SELECT id, 'all', 'live' FROM tidegate.entity;
            UPDATE tidegate.entity SET version = version + 1
            """)
        start("capture") { [self] in try capture.run() }
        try waitUntil("the capture streams", within: .seconds(60)) { capture.progress.phase == .streaming }
        start("sync") { [self] in while !isStopping.load(ordering: .relaxed) { try runService() } }
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

    /// One service, until it is stopped or what is in force has changed.
    private func runService() throws {
        let ledger = try target.connect()
        let contracts = Contracts(on: ledger)
        let edition = try contracts.edition(of: "test")
        let pinned = try contracts.inForce()
        let playbook = try CompiledPlaybook.compile(
            Playbook(parsing: text.withLock { $0 }, file: "test.yaml"), source: source.connect(), target: ledger,
            pinned: pinned.compactMapValues(\.catalog))
        let service = SyncService(
            playbook,
            options: SyncOptions(
                target: try target.connectionString, source: try source.connectionString,
                kafka: try playbook.kafka.resolvedProperties(), group: "test-\(edition)", lanes: 1, owner: "test",
                contracts: pinned, edition: edition, watchInterval: interval),
            logger: quiet)
        current.withLock { $0 = service }
        if isStopping.load(ordering: .relaxed) { return }
        do { try service.run() } catch let error as SyncError where error.code == .notInForce {}
    }

    /// Puts a playbook in force and accepts the source as it is now.
    func accept(items: String) throws {
        let (session, ledger) = (try source.connect(), try target.connect())
        let position = try SourceLog(on: session).end()
        let written = """
            playbook: test
            source:
              postgres: "\(source.dataSourceName)"
              connector: { decimal.handling.mode: string, connector.class: tidegate }
            target: { postgres: "\(target.dataSourceName)", references: replica }
            kafka:
              brokers: [ "\(broker.bootstrapServers)" ]
              topics: "\(prefix).{schema}.{table}"
              properties: { fetch.wait.max.ms: "5" }
            entities:
            \(items.isEmpty ? "" : "  items: { from: public.item, into: public.item, \(items) }")
              others: { from: public.other, into: public.other, key: [id], fields: same }
            waves: { all: { \(items.isEmpty ? "" : "items: all, ")others: all } }
            """
        let playbook = try CompiledPlaybook.compile(
            Playbook(parsing: written, file: "test.yaml"), source: session, target: ledger)
        text.withLock { $0 = written }
        try Playbooks(on: ledger).activate("test", hash: playbook.hash, content: written)
        try Contracts(on: ledger).pin(playbook, at: position)
    }

    func close() {
        isStopping.store(true, ordering: .relaxed)
        current.withLock { $0?.stop() }
        capture.stop()
        ended.wait()
        guard let session = try? source.connect() else { return }
        _ = try? session.query("SELECT pg_drop_replication_slot($1)", [.text(slot)])
    }

    /// Runs SQL on the source.
    func write(_ sql: String) throws { try source.connect().execute(sql) }

    /// The rows of a query, columns joined by `|`, NULL as `-`.
    func rows(_ sql: String, on database: TestDatabase? = nil) throws -> [String] {
        if let failure = failures.withLock({ $0.first }) { throw failure }
        let result = try (database ?? target).connect().query(sql)
        return (0..<result.rowCount).map { row in
            (0..<result.columnCount).map { result[row, $0] ?? "-" }.joined(separator: "|")
        }
    }

    /// Waits until a query gives some rows in the target.
    func expect(_ sql: String, _ expected: [String]) throws {
        try waitUntil("\(sql) to give \(expected)", within: .seconds(60), state: { "\(try rows(sql)) \(try state())" })
        {
            try rows(sql) == expected
        }
    }

    /// Waits until a query gives the same in the source and another one, or the same, in the target.
    func expectEqual(_ sql: String, target other: String? = nil) throws {
        try waitUntil(
            "both sides to be equal", within: .seconds(60),
            state: { "\(try rows(sql, on: source))\n\(try rows(other ?? sql))\n\(try state())" }
        ) { try rows(sql, on: source) == rows(other ?? sql) }
    }

    /// What the ledger says of drift and stalls, for messages.
    func state() throws -> String {
        let status = try Status(on: target.connect())
        return "\(status.drifts) \(status.stalls) \(status.quarantine)"
    }
}

/// Runs `body` with a source under contract.
func withContract(
    items: String = "key: [id], fields: same", interval: Duration = .milliseconds(50),
    _ body: (DriftFixture) throws -> Void
) throws {
    try withDatabases { source, target in
        try withBroker { broker in
            let drift = try DriftFixture(source, target, broker, items: items, interval: interval)
            defer { drift.close() }
            try body(drift)
        }
    }
}
