import Capture
import Foundation
import LibPQ
import Model
import Sandbox
import TestSupport
import Testing

@Suite(.serialized) struct SlotPreparationTests {
    /// A database with a transaction in progress, which every new slot has to wait for.
    private func withOpenTransaction(
        _ body: (_ database: TestDatabase, _ writer: Connection, _ configuration: CaptureConfiguration) throws -> Void
    ) throws {
        try withDatabase { database in
            try withBroker(topics: ["src.public.item": 1]) { broker in
                let writer = try database.connect()
                try writer.execute("CREATE TABLE item (id int PRIMARY KEY)")
                try writer.execute("BEGIN; INSERT INTO item VALUES (1)")
                defer { _ = try? writer.execute("ROLLBACK") }
                try body(
                    database, writer,
                    CaptureConfiguration(
                        source: try database.connectionString, slot: "slot_\(database.name)", publication: "items",
                        tables: [TableName(schema: "public", name: "item")], prefix: "src",
                        kafka: Redacted(["bootstrap.servers": broker.bootstrapServers])))
            }
        }
    }

    /// The same, the slot being made by another session already.
    private func withSlotInTheMaking(
        _ body: (_ database: TestDatabase, _ writer: Connection, _ configuration: CaptureConfiguration) throws -> Void
    ) throws {
        try withOpenTransaction { database, writer, configuration in
            let (source, slot) = (configuration.source, configuration.slot)
            let ended = DispatchSemaphore(value: 0)
            Thread {
                if let maker = try? Connection(source, applicationName: "maker") {
                    _ = try? maker.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [.text(slot)])
                }
                ended.signal()
            }.start()
            let watcher = try database.connect()
            defer {
                _ = try? writer.execute("ROLLBACK")
                ended.wait()
            }
            try waitUntil("the slot to be in the making") {
                try watcher.query(
                    """
                    SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn IS NULL
                        AND active_pid IS NOT NULL
                    """, [.text(slot)]
                ).rowCount == 1
            }
            try body(database, writer, configuration)
        }
    }

    /// Whether the capture has asked for the slot.
    private func hasAsked(_ connection: Connection) throws -> Bool {
        try connection.query(
            """
            SELECT FROM pg_stat_activity WHERE application_name = 'tidegate capture catalog'
                AND datname = current_database() AND query LIKE '%FROM pg_catalog.pg_replication_slots%'
            """
        ).rowCount > 0
    }

    @Test func aSlotThatAnotherSessionIsMakingIsWaitedFor() throws {
        try withSlotInTheMaking { database, writer, configuration in
            let watcher = try database.connect()
            let run = CaptureRun(configuration)
            try waitUntil("the capture to have asked for the slot") { try run.isOver || hasAsked(watcher) }
            try writer.execute("COMMIT")
            try run.waitUntilStreaming()
            try run.stop()
        }
    }

    @Test func aStopEndsTheWaitForASlotInTheMaking() throws {
        try withSlotInTheMaking { database, _, configuration in
            let watcher = try database.connect()
            let run = CaptureRun(configuration)
            try waitUntil("the capture to have asked for the slot") { try run.isOver || hasAsked(watcher) }
            try run.stop()
        }
    }

    @Test func aStopInterruptsTheMakingOfASlot() throws {
        try withOpenTransaction { database, _, configuration in
            let run = CaptureRun(configuration)
            let connection = try database.connect()
            try waitUntil("the slot to be waited for") {
                try connection.query(
                    """
                    SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock'
                        AND datname = current_database()
                    """
                ).rowCount > 0
            }
            try run.stop()
        }
    }

    @Test func aStopThatComesJustBeforeTheMakingOfASlotEndsItToo() throws {
        try withOpenTransaction { _, _, configuration in
            for _ in 0..<20 { try CaptureRun(configuration).stop() }
        }
    }
}
