import LibPQ
import Logging
import Model
import Sandbox
import TestSupport
import Testing

@testable import Capture

/// What a server sends, with random changes: translated or refused, never a trap, a hang or a read beyond the end.
///
/// `ops/fuzz` runs this with many more inputs.
@Suite struct StreamFuzzTests {
    private static let changes = """
        CREATE TABLE part (id int PRIMARY KEY, name text, size numeric, tags text[], at timestamptz, data bytea, big text);
        ALTER TABLE part REPLICA IDENTITY FULL;
        CREATE TABLE other (a int, b uuid, PRIMARY KEY (a, b));
        CREATE PUBLICATION fuzz FOR ALL TABLES;
        SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput');
        BEGIN;
        INSERT INTO part SELECT n, 'part ' || n, n * 1.5, ARRAY['a', NULL], now(), '\\x0102', repeat(md5(n::text), 200)
            FROM generate_series(1, 20) n;
        INSERT INTO other VALUES (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
        COMMIT;
        BEGIN;
        UPDATE part SET size = NULL WHERE id < 4;
        UPDATE part SET id = id + 100 WHERE id > 17;
        UPDATE other SET a = 2;
        DELETE FROM part WHERE id = 5;
        SELECT pg_logical_emit_message(true, 'prefix', 'content');
        TRUNCATE part, other;
        COMMIT;
        """

    @Test func changedMessagesAreTranslatedOrRefused() throws {
        try withDatabase { database in
            try withBroker(topics: ["fuzz": 2]) { broker in
                let connection = try database.connect()
                let slot = "fuzz_\(database.name)"
                try SQLScript(Self.changes.replacing("SLOT", with: slot)).run(on: connection)
                let messages = try Self.messages(connection, slot)
                #expect(Set(messages.map { $0[0] }).isSuperset(of: Array("BRIUDTMC".utf8)))
                var configuration = CaptureConfiguration(
                    source: try database.connectionString, slot: slot, publication: "fuzz", prefix: "fuzz",
                    kafka: Redacted(["bootstrap.servers": broker.bootstrapServers]))
                configuration.topics = "fuzz"
                let plan = FuzzPlan(share: 0.08)
                var mutator = ByteMutator(
                    seed: plan.seed,
                    pieces: ["\0", "t", "n", "u", "\u{7F}", "N", "K", "O", "\0\0\0\u{4}", "public\0part\0"])
                var translator = try Self.translator(configuration, connection, messages)
                let counts = try plan.run("replication messages") { number in
                    if number % 500 == 499 { translator = try Self.translator(configuration, connection, messages) }
                    let changed = mutator.change(
                        mutator.pick(messages) ?? [], mixing: mutator.pick(messages) ?? [])
                    do {
                        try changed.withUnsafeBytes { try translator.handle($0, at: LSN(rawValue: UInt64(number))) }
                        return true
                    } catch is CaptureError {
                        return false
                    }
                }
                #expect(counts.accepted > counts.refused / 10 && counts.refused > counts.accepted / 10)
            }
        }
    }

    /// The messages of everything that was committed.
    private static func messages(_ connection: Connection, _ slot: String) throws -> [[UInt8]] {
        let rows = try connection.query(
            """
            SELECT encode(data, 'hex') FROM pg_logical_slot_peek_binary_changes($1, NULL, NULL, 'proto_version', '1',
                'publication_names', 'fuzz', 'messages', 'true')
            """, [.text(slot)]
        ).rows
        try connection.query("SELECT pg_drop_replication_slot($1)", [.text(slot)])
        return rows.map { row in
            let digits = Array((row[0] ?? "").utf8)
            return stride(from: 0, to: digits.count, by: 2).map {
                UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0
            }
        }
    }

    /// A translator that knows the tables.
    private static func translator(
        _ configuration: CaptureConfiguration, _ connection: Connection, _ messages: [[UInt8]]
    ) throws -> StreamTranslator {
        try connection.execute("DEALLOCATE ALL")
        let logger = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() })
        let translator = StreamTranslator(
            configuration, catalog: try RelationCatalog(connection),
            producer: try EventProducer(configuration.kafka, logger: logger), database: "fuzz",
            confirmed: LSN(rawValue: 0))
        for message in messages {
            try message.withUnsafeBytes { try translator.handle($0, at: LSN(rawValue: 1)) }
        }
        return translator
    }
}
