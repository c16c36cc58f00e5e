import LibPQ
import Model
import RDKafka
import Sandbox
import Sync
import TestSupport
import Testing

/// What a lane does when the ledger, the topic or the group are not as it believes.
@Suite(.serialized) struct LaneTests {
    private let table = "CREATE TABLE item (id bigint PRIMARY KEY, name text)"
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: same }"

    private func insert(_ id: Int, _ sync: SyncFixture, partition: Int32? = nil) throws {
        try sync.writer.write(
            "c", "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"name":"n"}"#, partition: partition)
    }

    /// Lanes record their transactions whoever owns what, so what is older than a rollback asks for has to go, too.
    @Test func oldTransactionsAreForgottenWhoeverOwnsWhat() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try sync.targetSession.execute(
                "INSERT INTO tidegate.applied_transaction (xid, at) VALUES (1, now() - interval '15 days')")
            try insert(1, sync)
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("the old one is gone, the new one is there") {
                    try sync.rows("SELECT at > now() - interval '1 day' FROM tidegate.applied_transaction") == ["t"]
                }
            }
        }
    }

    /// The answer to a COMMIT was lost, and the commit became visible after the lane had asked the ledger how it ended.
    @Test func aCommitThatBecomesVisibleLateIsTakenOver() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try insert(1, sync)
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("the first row is there") { try sync.rows("SELECT id FROM item") == ["1"] }
                try sync.targetSession.execute(
                    "UPDATE tidegate.checkpoint SET next_offset = 2, consumed = 2, applied = 2")
                try insert(2, sync)
                try insert(3, sync)
                try sync.writer.flush()
                try waitUntil("the lane goes on from the ledger") {
                    try sync.rows("SELECT id FROM item ORDER BY 1") == ["1", "3"]
                }
            }
            #expect(try sync.value("SELECT next_offset FROM tidegate.checkpoint") == "3")
            #expect(try sync.sums() == [3, 3, 0, 0, 0])
        }
    }

    @Test func whatWasTakenBeforeAReadingEndsIsAccountedFor() throws {
        try withSync { source, target, broker in
            guard let mock = broker.mock else { return }
            let sync = try SyncFixture(
                source, target, broker, tables: table + "; CREATE TABLE other (id bigint PRIMARY KEY)",
                entities: entities + "\n  others: { from: public.other, into: public.other, key: [id], fields: same }",
                topics: ["item": 1, "other": 1])
            try insert(1, sync)
            try sync.writer.flush()
            try sync.running { service in
                try waitUntil("the first row is there") { try sync.rows("SELECT id FROM item") == ["1"] }
                let blocker = try target.connect()
                try blocker.execute(
                    """
                    BEGIN;
                    DO $$ BEGIN EXECUTE format('LOCK TABLE tidegate.lock_%s IN EXCLUSIVE MODE',
                        (SELECT id FROM tidegate.entity WHERE name = 'items')); END $$
                    """)
                try insert(2, sync)
                try sync.writer.flush()
                try waitUntil("the lane holds a batch") {
                    try sync.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1"
                }
                for id in 3...4 { try insert(id, sync) }
                try sync.writer.flush()
                // Fetched after the rows above, by the same consumer.
                try sync.writer.write("c", "other", key: #"{"id":1}"#, after: #"{"id":1}"#)
                try sync.writer.flush()
                try waitUntil("the other lane has gone on") { try sync.rows("SELECT id FROM other") == ["1"] }
                let fence = "SELECT fence FROM tidegate.checkpoint WHERE topic = 't.public.other'"
                let before = try sync.value(fence)
                mock.pushRequestErrors(.fetch, Array(repeating: .offsetOutOfRange, count: 2))
                try waitUntil("the consumer has met the error, and reads on") { try sync.value(fence) != before }
                try blocker.execute("COMMIT")
                try insert(5, sync)
                try sync.writer.flush()
                try waitUntil("all rows are there") {
                    try sync.rows("SELECT id FROM item ORDER BY 1") == ["1", "2", "3", "4", "5"]
                }
                #expect(service.reports.allSatisfy { $0.stopped.isEmpty })
            }
            #expect(
                try sync.value("SELECT next_offset FROM tidegate.checkpoint WHERE topic = 't.public.item'") == "5")
            #expect(try sync.sums() == [6, 6, 0, 0, 0])
        }
    }

    @Test func laterEventsOfAKeyQueueBehindAnUndecodableOne() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try insert(1, sync)
            try sync.writer.send("item", key: #"{"id":1}"#, value: "{not json")
            try sync.writer.write("u", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":"later"}"#)
            try insert(2, sync)
            try sync.applyAll()
            try sync.writer.write("d", "item", key: #"{"id":1}"#, before: #"{"id":1}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item ORDER BY 1") == ["1|n", "2|n"])
            #expect(
                try sync.rows("SELECT key, reason FROM tidegate.quarantine ORDER BY id") == [
                    "{1}|undecodable", "{1}|behind", "{1}|behind",
                ])
            #expect(try sync.sums() == [5, 2, 0, 0, 3])
        }
    }
}
