import Foundation
import Ledger
import LibPQ
import Logging
import Model
import Playbook
import RDKafka
import Sandbox
import Sync
import TestSupport
import Testing

/// Recordings of the real connector whose table changes, replayed without a connection to the source: each shape of the
/// table is accepted when the entity has paused before it.
@Suite(.serialized) struct DriftRecordingTests {
    /// What the connector's table is taken to be from a step on.
    private struct Step {
        /// Why the entity has paused before it.
        let pause: String
        let columns: String
        /// The numbers of the rows that are there before the step.
        let rows: String
    }

    private static let target = """
        CREATE TABLE product (id int PRIMARY KEY, name text, title text, price numeric, old int, stock text, status text,
            extra jsonb, code uuid)
        """

    @Test("A19: MySQL's recording pauses at each new shape, told by events and by the schema-change topic")
    func a19MySQL() throws {
        let first = "id: int, name: text, price: \"numeric(8,2)\", old: int"
        let last = "id: int, title: text, price: \"numeric(8,2)\", stock: bigint, status: text"
        try replay(
            Recording(scenario: "my-schema-change", variant: "json"), table: "fixture.product", columns: first,
            steps: [
                Step(pause: "added: stock", columns: first + ", stock: int", rows: "2"),
                Step(pause: "added: status", columns: first + ", stock: int, status: text", rows: "2,3"),
                Step(pause: "dropped: name text; dropped: old int; added: title", columns: last, rows: "2,3,4"),
            ],
            hidden: [
                "retyped: price was numeric(8,2), is now numeric(12,4)",
                "retyped: stock was integer, is now bigint unsigned",
            ],
            result: ["2|two|-|-|-", "3|three|-|30|-", "4|four|-|40|fresh", "5|-|five|50|fresh"])
    }

    @Test("A19: PostgreSQL's recording pauses at each new shape, told by embedded schemas")
    func a19Schemas() throws {
        let first = "id: int, name: text, price: numeric, old: int"
        let stock = first + ", stock: int, status: text"
        let title = "id: int, title: text, price: numeric, stock: int, status: text"
        try replay(
            Recording(scenario: "pg-schema-change", variant: "json-schema"), table: "public.product", columns: first,
            steps: [
                Step(pause: "added: stock", columns: first + ", stock: int", rows: "2"),
                Step(pause: "added: status", columns: stock, rows: "2,3"),
                Step(pause: "dropped: old int", columns: stock.replacing(", old: int", with: ""), rows: "1,2,3,4"),
                Step(pause: "dropped: name text; added: title", columns: title, rows: "1,2,3,4,5"),
                Step(
                    pause: "retyped: stock was int32?, is now int64?",
                    columns: title.replacing("int, s", with: "bigint, s"),
                    rows: "1,2,3,4,5,6"),
            ],
            hidden: [], result: ["1|one|-|10|fresh", "2|two|-|-|-"])
    }

    private func replay(
        _ recording: Recording, table: String, columns: String, steps: [Step], hidden: [String],
        result: [String]
    ) throws {
        try withDatabases { _, target in
            try withBroker { broker in
                let prefix = "t\(UInt32.random(in: 0...(.max)))"
                let ledger = try target.connect()
                try ledger.execute(Self.target)
                try Migrations().apply(on: ledger)
                _ = try Entities(on: ledger).register(["products"])
                try ledger.execute(
                    """
                    INSERT INTO tidegate.scope (entity_id, wave, state) SELECT id, 'all', 'live' FROM tidegate.entity;
                    UPDATE tidegate.entity SET version = version + 1
                    """)
                try send(recording, prefix, table, broker)
                var accepted = columns
                for (number, step) in steps.enumerated() {
                    let failure = #expect(throws: SyncError.self) {
                        try run(number, accepted, prefix, table, target, broker)
                    }
                    #expect(failure?.message.contains(step.pause) == true, "\(step.pause): \(failure as Any)")
                    let rows = try ledger.query("SELECT string_agg(id::text, ',' ORDER BY id) FROM product").scalar
                    #expect(rows == step.rows)
                    if number == 0 { #expect(try hiddenChanges(ledger) == hidden) }
                    accepted = step.columns
                }
                // What comes behind the last step may pause it again.
                _ = try? run(steps.count, accepted, prefix, table, target, broker)
                let found = try ledger.query(
                    "SELECT concat_ws('|', id, coalesce(name, '-'), coalesce(title, '-'), coalesce(stock, '-'), "
                        + "coalesce(status, '-')) FROM product ORDER BY id")
                #expect(Array(found.rows.compactMap { $0[0] }.prefix(result.count)) == result)
                let sums = try ledger.query(
                    "SELECT bool_and(consumed = applied + superseded + skipped + quarantined), sum(quarantined) "
                        + "FROM tidegate.checkpoint")
                #expect(sums[0, 0] == "t" && sums[0, 1] == "0")
            }
        }
    }

    /// What the schema-change topic alone has told.
    private func hiddenChanges(_ ledger: Connection) throws -> [String] {
        try ledger.query("SELECT change FROM tidegate.drift WHERE position IS NOT NULL ORDER BY 1").rows
            .compactMap { $0[0] }
    }

    private func run(
        _ number: Int, _ columns: String, _ prefix: String, _ table: String, _ target: TestDatabase,
        _ broker: EmbeddedBroker
    ) throws {
        let ledger = try target.connect()
        let text = """
            playbook: test
            target: { postgres: "\(target.dataSourceName)", references: replica }
            kafka:
              brokers: [ "\(broker.bootstrapServers)" ]
              topics: "\(prefix).{schema}.{table}"
              schema_changes: \(prefix)
            entities:
              products:
                from: \(table)
                into: public.product
                key: [id]
                drift: pause
                fields: same
                columns: { \(columns) }
            waves: { all: { products: all } }
            """
        let playbook = try CompiledPlaybook.compile(
            Playbook(parsing: text, file: "test.yaml"), source: nil, target: ledger)
        try Contracts(on: ledger).pin(playbook, at: nil)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        try SyncService(
            playbook,
            options: SyncOptions(
                target: try target.connectionString, source: nil, kafka: try playbook.kafka.resolvedProperties(),
                group: "test-\(number)", lanes: 1, owner: "test", stopsAtEnd: true,
                contracts: try Contracts(on: ledger).inForce()),
            logger: logger
        ).run()
    }

    /// Sends the recording's events of the table and of the schema-change topic, under a prefix of the test's own.
    private func send(_ recording: Recording, _ prefix: String, _ table: String, _ broker: EmbeddedBroker) throws {
        for topic in [prefix, "\(prefix).\(table)"] { try broker.createTopic(topic, partitions: 1) }
        let producer = try Producer(
            Configuration(["bootstrap.servers": broker.bootstrapServers, "enable.idempotence": "true"]))
        let lines = try Data(contentsOf: recording.folder.appending(path: "events.jsonl"))
            .split(separator: UInt8(ascii: "\n"))
        for line in lines {
            guard let event = try JSONSerialization.jsonObject(with: line) as? [String: Any],
                let topic = event["topic"] as? String, topic == "src" || topic == "src.\(table)"
            else { continue }
            try Array((event["key"] as? String ?? "").utf8).withUnsafeBytes { key in
                try Array((event["value"] as? String ?? "").utf8).withUnsafeBytes { value in
                    try producer.produce(
                        topic: prefix + topic.dropFirst(3), partition: 0, key: key, value: value, headers: [])
                }
            }
        }
        try producer.flush(timeout: .seconds(30))
    }
}
