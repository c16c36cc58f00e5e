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

/// A source, a target, a broker and a playbook between them, for tests of the stream alone: rows count as live.
final class SyncFixture {
    let source: TestDatabase
    let target: TestDatabase
    let sourceSession: Connection
    let targetSession: Connection
    let broker: EmbeddedBroker
    let playbook: CompiledPlaybook
    let writer: EventWriter
    /// librdkafka properties of the services, over the playbook's.
    var properties: [String: String] = [:]

    /// Makes the tables, the topics `t.public.<table>` and the ledger.
    ///
    /// - Parameters:
    ///   - tables: DDL for both sides, unless `targetTables` is given.
    ///   - entities: the playbook's entities in YAML, indented by two.
    ///   - topics: partitions by table of schema public.
    init(
        _ source: TestDatabase, _ target: TestDatabase, _ broker: EmbeddedBroker, tables: String,
        targetTables: String? = nil, entities: String, topics: [String: Int], limits: String = "{ lanes: 2 }",
        references: String = "replica", ownership: String = "", kafka: String = "",
        live: Bool = true
    ) throws {
        self.source = source
        self.target = target
        self.broker = broker
        sourceSession = try source.connect()
        targetSession = try target.connect()
        try sourceSession.execute(tables)
        try targetSession.execute(targetTables ?? tables)
        let names = entities.split(separator: "\n").compactMap { line in
            line.hasPrefix("  ") && !line.hasPrefix("   ") ? line.split(separator: ":")[0].dropFirst(2) : nil
        }
        let text = """
            playbook: test
            source:
              postgres: "\(source.dataSourceName)"
              connector: { decimal.handling.mode: string }
            target:
              postgres: "\(target.dataSourceName)"
              references: \(references)
            kafka:
              brokers: [ "\(broker.bootstrapServers)" ]
              topics: "t.{schema}.{table}"
              format: debezium-json
              properties: { fetch.wait.max.ms: "5" }
              \(kafka)
            entities:
            \(entities)
            waves: { all: { \(names.map { "\($0): all" }.joined(separator: ", ")) } }
            limits: \(limits)
            \(ownership.isEmpty ? "" : "ownership: \(ownership)")
            """
        for (table, partitions) in topics { try broker.createTopic("t.public.\(table)", partitions: partitions) }
        playbook = try CompiledPlaybook.compile(
            try Playbook(parsing: text, file: "test.yaml"), source: sourceSession, target: targetSession)
        try Migrations().apply(on: targetSession)
        _ = try Entities(on: targetSession).register(playbook.entities.map(\.name))
        writer = try EventWriter(broker.bootstrapServers)
        if live { try makeLive() }
    }

    /// Puts every entity's rows live, as a sealed load of a wave that takes all would.
    func makeLive() throws {
        try targetSession.execute(
            """
            INSERT INTO tidegate.scope (entity_id, wave, state) SELECT id, 'all', 'live' FROM tidegate.entity
            ON CONFLICT DO NOTHING;
            UPDATE tidegate.entity SET version = version + 1
            """)
    }

    private var runs = 0

    /// Options of a process of this test, in a group of its own: the embedded broker takes a session's timeout to let
    /// a second member into a group that another has left.
    func options(
        stopsAtEnd: Bool = false, lanes: Int? = nil, hasSource: Bool = true, at address: String? = nil
    ) throws -> SyncOptions {
        runs += 1
        let all = try playbook.kafka.resolvedProperties().reveal()
            .merging(properties) { $1 }
            .merging(address.map { ["bootstrap.servers": $0] } ?? [:]) { $1 }
        return SyncOptions(
            target: try target.connectionString, source: hasSource ? try source.connectionString : nil,
            kafka: Redacted(all), group: "test-\(runs)", lanes: lanes, owner: "test",
            stopsAtEnd: stopsAtEnd)
    }

    /// Applies what the topics hold and ends.
    ///
    /// - Parameter address: of another broker than the fixture's.
    func applyAll(lanes: Int? = nil, at address: String? = nil) throws {
        try writer.flush()
        try SyncService(
            playbook, options: try options(stopsAtEnd: true, lanes: lanes, at: address), logger: quiet
        ).run()
    }

    /// The first offset that the partition 0 of a table's topic still holds.
    func lowEnd(_ table: String) throws -> Int64 {
        let admin = try Admin(RDKafka.Configuration(["bootstrap.servers": broker.bootstrapServers]))
        return try admin.watermarks("t.public.\(table)", 0, timeout: .seconds(10)).low
    }

    /// Runs a service beside `body`.
    func running<Outcome>(hasSource: Bool = true, _ body: (SyncService) throws -> Outcome) throws -> Outcome {
        let service = SyncService(playbook, options: try options(hasSource: hasSource), logger: quiet)
        let failure = Mutex<(any Error)?>(nil)
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            do { try service.run() } catch { failure.withLock { $0 = error } }
            ended.signal()
        }
        thread.start()
        defer {
            service.stop()
            ended.wait()
        }
        let outcome = try body(service)
        if let error = failure.withLock({ $0 }) { throw error }
        return outcome
    }

    /// One text of a target query.
    func value(_ sql: String) throws -> String? { try targetSession.query(sql).scalar }

    /// The rows of a target query, columns joined by `|`, NULL as `-`.
    func rows(_ sql: String) throws -> [String] {
        let result = try targetSession.query(sql)
        return (0..<result.rowCount).map { row in
            (0..<result.columnCount).map { result[row, $0] ?? "-" }.joined(separator: "|")
        }
    }

    /// consumed, applied, superseded, skipped, quarantined of all partitions.
    func sums() throws -> [Int] {
        let result = try targetSession.query(
            """
            SELECT coalesce(sum(consumed), 0), coalesce(sum(applied), 0), coalesce(sum(superseded), 0),
                coalesce(sum(skipped), 0), coalesce(sum(quarantined), 0) FROM tidegate.checkpoint
            """)
        return (0..<5).map { Int(result[0, $0] ?? "") ?? -1 }
    }

    private var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}

/// Runs `body` with a source, a target and a broker.
func withSync<Outcome>(_ body: (TestDatabase, TestDatabase, EmbeddedBroker) throws -> Outcome) throws -> Outcome {
    try withDatabases { source, target in try withBroker { broker in try body(source, target, broker) } }
}
