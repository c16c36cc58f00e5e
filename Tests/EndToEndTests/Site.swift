import Foundation
import Ledger
import LibPQ
import Model
import TestSupport

/// A source, a target, topics and a playbook between them, and what there is to know about them without Tidegate.
///
/// Two tables, `accounts` and `items`, the same on both sides. Everything that a test concludes comes from its own SQL.
final class Site {
    let source: ConnectionString
    let target: ConnectionString
    let brokers: String
    let folder: String
    let slot: String
    /// What the environment of Tidegate's processes has besides that of the test.
    var environment: [String: String] = [:]
    let playbookPath: String
    private var watching: Connection?

    static let tables = """
        CREATE TABLE accounts (
            id bigint PRIMARY KEY, region text NOT NULL, balance numeric(14,2) NOT NULL, note text, document text,
            data jsonb, updated timestamptz NOT NULL DEFAULT clock_timestamp());
        ALTER TABLE accounts ALTER document SET STORAGE EXTERNAL;
        CREATE TABLE items (
            account_id bigint NOT NULL REFERENCES accounts ON UPDATE CASCADE ON DELETE CASCADE, line integer,
            name text NOT NULL, quantity integer NOT NULL, payload bytea, PRIMARY KEY (account_id, line));
        """
    static let topics = ["e2e.public.accounts": 4, "e2e.public.items": 4]

    /// Makes the tables and writes the playbook.
    ///
    /// - Parameters:
    ///   - brokers: where the test finds the broker.
    ///   - sourceName: how Tidegate is to connect to the source, where that is not how the test does.
    ///   - targetName: how Tidegate is to connect to the target, likewise.
    ///   - brokersName: how Tidegate is to connect to the broker, likewise.
    ///   - properties: librdkafka properties for the playbook.
    ///   - accounts: what the playbook says of the entity besides its tables and key.
    ///   - sections: further sections of the playbook.
    init(
        source: TestDatabase, target: TestDatabase, brokers: String, sourceName: String? = nil,
        targetName: String? = nil, brokersName: String? = nil, properties: [String: String] = [:],
        accounts: String = "fields: same", sections: String = "", limits: String = "{ lanes: 2, batch_rows: 40 }"
    ) throws {
        self.source = try source.connectionString
        self.target = try target.connectionString
        self.brokers = brokers
        slot = "e2e_\(source.name)"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-e2e.\(UUID().uuidString)").path
        playbookPath = "\(folder)/playbook.yaml"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // The embedded broker lets a rebalance last one second less than a session.
        let quick = ["fetch.wait.max.ms": "10", "session.timeout.ms": "4500", "heartbeat.interval.ms": "500"]
        let all = quick.merging(properties) { $1 }
        let text = """
            playbook: e2e
            source:
              postgres: "\(sourceName ?? source.dataSourceName)"
              connector: { decimal.handling.mode: string, slot.name: \(slot), publication.name: \(slot) }
            target:
              postgres: "\(targetName ?? target.dataSourceName)"
              references: replica
            kafka:
              brokers: [ "\(brokersName ?? brokers)" ]
              topics: "e2e.{schema}.{table}"
              format: debezium-json
              properties: { \(all.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }.joined(separator: ", ")) }
            entities:
              accounts: { from: public.accounts, into: public.accounts, key: [id], \(accounts) }
              items: { from: public.items, into: public.items, key: [account_id, line], fields: same }
            waves:
              first: { accounts: "region = 'EU'", items: via accounts on account_id }
              rest: { accounts: all, items: all }
            limits: \(limits)
            \(sections)
            """
        try text.write(toFile: playbookPath, atomically: true, encoding: .utf8)
        for side in [self.source, self.target] { try connect(side).execute(Self.tables) }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    // MARK: Processes

    /// Starts `tidegate <command> -p <playbook> <arguments>`; a command may be of two words.
    func start(_ command: String, _ arguments: String...) throws -> TidegateRun {
        try start(command, arguments: arguments)
    }

    func start(_ command: String, arguments: [String]) throws -> TidegateRun {
        let words = command.split(separator: " ").map(String.init)
        return try TidegateRun(
            words + ["-p", playbookPath] + arguments, folder: folder, environment: environment)
    }

    // MARK: Databases

    func connect(_ side: ConnectionString) throws -> Connection { try Connection(side, applicationName: "e2e test") }

    /// Sets the ledger up with all rows live, as if every wave had been loaded when both sides were empty.
    func makeLive() throws {
        let connection = try connect(target)
        try Migrations().apply(on: connection)
        _ = try Entities(on: connection).register(["accounts", "items"].map(EntityName.init(rawValue:)))
        try connection.execute(
            """
            INSERT INTO tidegate.scope (entity_id, wave, state) SELECT id, 'rest', 'live' FROM tidegate.entity;
            UPDATE tidegate.entity SET version = version + 1
            """)
    }

    /// The first value of a query of the target, through a connection that is kept and opened again when it broke.
    func watch(_ sql: String) throws -> String? {
        if let watching, watching.isAlive { return try watching.execute(sql).scalar }
        let fresh = try connect(target)
        watching = fresh
        return try fresh.execute(sql).scalar
    }

    /// Drops the slot, without which the source database could not be dropped.
    func dropSlot() throws {
        let connection = try connect(source)
        try connection.query(
            "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = $1 AND active",
            [.text(slot)])
        try connection.query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", [.text(slot)])
    }
}
