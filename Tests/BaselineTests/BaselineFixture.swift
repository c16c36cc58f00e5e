import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Synchronization
import TestSupport

/// A source, a target and a playbook between them, for tests of the baseline by itself: no stream brings changes, and
/// the connector's slot is moved on as a connector without anything to send would.
final class BaselineFixture: Sendable {
    let source: TestDatabase
    let target: TestDatabase
    let playbook: CompiledPlaybook
    let slot: String
    let events = Mutex<[LoadEvent]>([])

    /// Makes the tables.
    ///
    /// - Parameters:
    ///   - tables: DDL and rows of the source.
    ///   - targetTables: DDL of the target.
    ///   - entities: the playbook's entities in YAML, indented by two.
    ///   - waves: the playbook's waves in YAML flow form.
    ///   - connector: more of the connector's properties, each after a comma.
    init(
        _ source: TestDatabase, _ target: TestDatabase, tables: String, targetTables: String, entities: String,
        waves: String, references: String = "replica", connector: String = "",
        limits: String = "{ load_workers: 2, source_connections: 2 }", ownership: String = ""
    ) throws {
        self.source = source
        self.target = target
        slot = "tidegate_\(source.name)"
        let sourceSession = try source.connect()
        let targetSession = try target.connect()
        try sourceSession.execute(tables)
        try targetSession.execute(targetTables)
        let text = """
            playbook: test
            source:
              postgres: "\(source.dataSourceName)"
              connector: { slot.name: \(slot)\(connector) }
            target:
              postgres: "\(target.dataSourceName)"
              references: \(references)
            kafka:
              brokers: [ "127.0.0.1:1" ]
              topics: "t.{schema}.{table}"
              format: debezium-json
            entities:
            \(entities)
            waves: \(waves)
            limits: \(limits)
            \(ownership.isEmpty ? "" : "ownership: \(ownership)")
            """
        playbook = try CompiledPlaybook.compile(
            try Playbook(parsing: text, file: "test.yaml"), source: sourceSession, target: targetSession)
        try makeSlot()
    }

    /// Makes the connector's slot.
    func makeSlot() throws {
        try source.connect().query("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [.text(slot)])
    }

    /// Without the slot the database could not be dropped.
    func close() throws {
        try source.connect().query("SELECT pg_drop_replication_slot($1)", [.text(slot)])
    }

    /// Options of a load whose stream has nothing to bring.
    func options() throws -> LoadOptions {
        let playbook = playbook
        var options = LoadOptions(source: try source.connectionString, target: try target.connectionString) {
            playbook.kafka.topic(of: $0)
        }
        options.slots = [slot]
        options.publications = [slot]
        options.sealTimeout = .seconds(30)
        options.report = { event in self.events.withLock { $0.append(event) } }
        options.logEnds = { _ in
            try self.source.connect().query(
                """
                SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots
                WHERE slot_name = $1
                """, [.text(self.slot)])
            return [:]
        }
        return options
    }

    /// Loads a wave.
    @discardableResult
    func load(_ wave: WaveName, _ change: (inout LoadOptions) -> Void = { _ in }) throws -> WaveLoad.Outcome {
        var options = try options()
        change(&options)
        return try WaveLoad(playbook, wave: wave, options: options).run()
    }

    /// The rows of a query on one side, columns joined by `|`, NULL as `-`.
    static func rows(_ database: TestDatabase, _ sql: String) throws -> [String] {
        let result = try database.connect().query(sql)
        return (0..<result.rowCount).map { row in
            (0..<result.columnCount).map { result[row, $0] ?? "-" }.joined(separator: "|")
        }
    }

    /// Whether a query gives the same rows on both sides, and at least one.
    func isEqual(_ sql: String, onTarget targetSQL: String? = nil) throws -> Bool {
        let here = try Self.rows(source, sql)
        return try !here.isEmpty && here == Self.rows(target, targetSQL ?? sql)
    }
}

/// Runs `body` with a fixture.
func withBaseline(
    tables: String, targetTables: String, entities: String, waves: String = "{ all: { t: all } }",
    references: String = "replica", connector: String = "",
    limits: String = "{ load_workers: 2, source_connections: 2 }", ownership: String = "",
    _ body: (BaselineFixture) throws -> Void
) throws {
    try withDatabases { source, target in
        let fixture = try BaselineFixture(
            source, target, tables: tables, targetTables: targetTables, entities: entities, waves: waves,
            references: references, connector: connector, limits: limits, ownership: ownership)
        defer { try? fixture.close() }
        try body(fixture)
    }
}
