import Capture
import Foundation
import LibPQ
import Model
import Sandbox
import TestSupport
import Testing

@Suite(.serialized) struct SlotPreparationTests {
    /// A database whose slot another session is making: it waits for a transaction in progress, until `body` ends that.
    private func withSlotInTheMaking(
        _ body: (_ database: TestDatabase, _ writer: Connection, _ configuration: CaptureConfiguration) throws -> Void
    ) throws {
        try withDatabase { database in
            try withBroker(topics: ["src.public.item": 1]) { broker in
                let writer = try database.connect()
                try writer.execute("CREATE TABLE item (id int PRIMARY KEY)")
                try writer.execute("BEGIN; INSERT INTO item VALUES (1)")
                let slot = "slot_\(database.name)"
                let ended = DispatchSemaphore(value: 0)
                let source = try database.connectionString
                Thread {
                    if let maker = try? Connection(source, applicationName: "maker") {
                        _ = try? maker.query(
                            "SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [.text(slot)])
                    }
                    ended.signal()
                }.start()
                let watcher = try database.connect()
                try waitUntil("the slot to be in the making") {
                    try watcher.query(
                        """
                        SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn IS NULL
                            AND active_pid IS NOT NULL
                        """, [.text(slot)]
                    ).rowCount == 1
                }
                defer {
                    _ = try? writer.execute("ROLLBACK")
                    ended.wait()
                    _ = try? watcher.query("SELECT pg_drop_replication_slot($1)", [.text(slot)])
                }
                try body(
                    database, writer,
                    CaptureConfiguration(
                        source: source, slot: slot, publication: "items",
                        tables: [TableName(schema: "public", name: "item")], prefix: "src",
                        kafka: Redacted(["bootstrap.servers": broker.bootstrapServers])))
            }
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
}
