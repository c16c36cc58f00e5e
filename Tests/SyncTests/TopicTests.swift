import Foundation
import Ledger
import LibPQ
import Model
import Sandbox
import Sync
import TestSupport
import Testing

/// What topics do beside bringing events: end with marks, lose deletes to compaction, be made anew.
@Suite struct TopicTests {
    private func withItems(
        partitions: Int = 1, limits: String = "{ lanes: 1 }", _ body: (SyncFixture) throws -> Void
    ) throws {
        try withSync { source, target, broker in
            try body(
                SyncFixture(
                    source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, n int)",
                    entities: "  items: { from: public.item, into: public.item, key: [id], fields: same }",
                    topics: ["item": partitions], limits: limits))
        }
    }

    private func write(_ operation: String, _ ids: ClosedRange<Int>, n: Int, _ writer: EventWriter) throws {
        for id in ids {
            try writer.write(operation, "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"n":\#(n)}"#)
        }
        try writer.flush()
    }

    private func nextOffset(_ sync: SyncFixture) throws -> String? {
        try sync.value("SELECT next_offset FROM tidegate.checkpoint WHERE partition = 0")
    }

    // MARK: Transactions

    @Test("the marks of transactions at a partition's end, and between records, are passed and nothing waits for them")
    func transactionMarks() throws {
        try withItems { sync in
            let address = sync.broker.bootstrapServers
            try write("c", 1...3, n: 1, sync.writer)
            try ControlRecords.append(to: "t.public.item", at: address)
            try sync.applyAll()
            #expect(try nextOffset(sync) == "4")
            #expect(try sync.sums() == [3, 3, 0, 0, 0])
            try write("u", 1...3, n: 2, sync.writer)
            try ControlRecords.append(5, to: "t.public.item", at: address)
            try sync.applyAll()
            #expect(try nextOffset(sync) == "12")
            #expect(try sync.rows("SELECT * FROM item ORDER BY id") == ["1|2", "2|2", "3|2"])
            // A service that goes on sees the end move without a record, and records behind the marks.
            try sync.running { _ in
                try ControlRecords.append(2, to: "t.public.item", at: address)
                try waitUntil("the marks are passed") { try nextOffset(sync) == "14" }
                try write("u", 3...3, n: 3, sync.writer)
                try waitUntil("the record is applied") { try nextOffset(sync) == "15" }
            }
            #expect(try sync.sums() == [7, 7, 0, 0, 0])
        }
    }

    // MARK: Compaction

    @Test("A3: a null value whose delete compaction has removed deletes the row, if the source has it no longer")
    func a3LoneTombstones() throws {
        try withItems { sync in
            try write("c", 1...4, n: 1, sync.writer)
            try sync.sourceSession.execute("INSERT INTO item VALUES (2, 1)")
            try sync.writer.write("d", "item", key: #"{"id":4}"#, before: #"{"id":4}"#)
            // 4: behind its delete. 1: alone. 2: alone, and the source has it. 3: alone, and twice.
            for id in [4, 1, 2, 3, 3] { try sync.writer.send("item", key: #"{"id":\#(id)}"#, value: nil) }
            try sync.applyAll()
            #expect(try sync.rows("SELECT id FROM item ORDER BY id") == ["2"])
            let skipped = try sync.rows("SELECT reason, events FROM tidegate.skip_count ORDER BY 1")
            #expect(skipped == ["lone-tombstone|1", "tombstone|1"])
            let sums = try sync.sums()
            #expect(sums[0] == 10 && sums[1] + sums[2] == 8 && sums[4] == 0, "\(sums)")
            // And a row that comes again stays.
            try write("c", 1...1, n: 2, sync.writer)
            try sync.applyAll()
            #expect(try sync.rows("SELECT id, n FROM item ORDER BY id") == ["1|2", "2|1"])
        }
    }

    @Test("A3: without a source a null value alone is counted and named, and deletes nothing")
    func a3LoneTombstonesWithoutSource() throws {
        try withItems { sync in
            try write("c", 1...1, n: 1, sync.writer)
            try sync.writer.send("item", key: #"{"id":1}"#, value: nil)
            try sync.writer.flush()
            try sync.running(hasSource: false) { _ in
                try waitUntil("both are counted") { try sync.sums()[0] == 2 }
            }
            #expect(try sync.rows("SELECT id FROM item") == ["1"])
            #expect(try sync.rows("SELECT reason, events FROM tidegate.skip_count") == ["lone-tombstone|1"])
        }
    }

    @Test("A3: a null value alone waits for the transaction that is deleting the row on the source")
    func a3LoneTombstonesAheadOfTheirCommit() throws {
        try withItems { sync in
            try sync.sourceSession.execute("INSERT INTO item VALUES (1, 1)")
            try write("c", 1...1, n: 1, sync.writer)
            try sync.running { _ in
                try waitUntil("the row is there") { try sync.rows("SELECT id FROM item") == ["1"] }
                try sync.sourceSession.execute("BEGIN; DELETE FROM item WHERE id = 1")
                try sync.writer.send("item", key: #"{"id":1}"#, value: nil)
                try sync.writer.flush()
                try waitUntil("the lane asks the source") {
                    try sync.value(
                        """
                        SELECT count(*) FROM pg_stat_activity
                        WHERE query LIKE '%pg_sleep(0.005)%' AND pid <> pg_backend_pid()
                        """) != "0"
                }
                try sync.sourceSession.execute("COMMIT")
                try waitUntil("the row is gone") { try sync.rows("SELECT id FROM item").isEmpty }
            }
        }
    }

    @Test("gaps in a compacted topic's offsets are nothing")
    func compactedTopic() throws {
        try withItems { sync in
            let address = sync.broker.bootstrapServers
            // Marks stand for what compaction has removed: offsets without a record.
            try ControlRecords.append(7, to: "t.public.item", at: address)
            try write("c", 1...2, n: 1, sync.writer)
            try ControlRecords.append(4, to: "t.public.item", at: address)
            try write("c", 3...3, n: 1, sync.writer)
            try sync.applyAll()
            #expect(try sync.rows("SELECT id FROM item ORDER BY id") == ["1", "2", "3"])
            #expect(try nextOffset(sync) == "14")
            #expect(try sync.sums() == [3, 3, 0, 0, 0])
            #expect(try Status(on: sync.targetSession).stalls.isEmpty)
        }
    }

    // MARK: Added partitions

    private func grow(_ sync: SyncFixture) throws {
        // As if it had been consumed when it had one partition.
        try sync.targetSession.execute(
            "INSERT INTO tidegate.topic (flow, topic, partitions) VALUES ('forward', 't.public.item', 1)")
    }

    private func send(_ n: Int, to partition: Int32, _ sync: SyncFixture) throws {
        try sync.writer.write(
            n == 1 ? "c" : "u", "item", key: #"{"id":1}"#, after: #"{"id":1,"n":\#(n)}"#, partition: partition)
    }

    @Test("A21: added partitions are held until the others are applied to where they ended")
    func a21AddedPartitions() throws {
        try withItems(partitions: 2, limits: "{ lanes: 2, batch_rows: 100 }") { sync in
            try grow(sync)
            for n in 1...3000 { try send(n, to: 0, sync) }
            try send(3001, to: 1, sync)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|3001"])
            #expect(try sync.rows("SELECT partitions, grown_to FROM tidegate.topic") == ["2|-"])
            #expect(try sync.sums()[0] == 3001)
            #expect(try Status(on: sync.targetSession).stalls.isEmpty)
        }
    }

    @Test("A21: the ends count as of when the producer first writes to an added partition, and survive a restart")
    func a21EndsAtTheFirstRecord() throws {
        try withItems(partitions: 2, limits: "{ lanes: 2, batch_rows: 100 }") { sync in
            try grow(sync)
            try sync.running { _ in
                for n in 1...10 { try send(n, to: 0, sync) }
                try sync.writer.flush()
                try waitUntil("the growth is noticed, and the old partition applied") {
                    try sync.value("SELECT grown_to FROM tidegate.topic") == "2" && nextOffset(sync) == "10"
                }
                // The producer does not know of it yet.
                for n in 11...20 { try send(n, to: 0, sync) }
                try sync.writer.flush()
                try waitUntil("they are applied") { try nextOffset(sync) == "20" }
                #expect(try sync.value("SELECT old_ends FROM tidegate.topic") == nil)
            }
            for n in 21...2000 { try send(n, to: 0, sync) }
            try sync.writer.flush()
            try send(2001, to: 1, sync)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|2001"])
            #expect(try sync.rows("SELECT partitions, grown_to FROM tidegate.topic") == ["2|-"])
        }
    }

    // MARK: Made anew

    @Test("a topic that was made anew and has grown past the checkpoint is told from the old one, and stopped")
    func recreatedTopic() throws {
        try withItems { sync in
            try write("c", 1...5, n: 1, sync.writer)
            try sync.applyAll()
            try withBroker(topics: ["t.public.item": 1]) { other in
                try write("c", 11...30, n: 2, try EventWriter(other.bootstrapServers))
                let error = #expect(throws: SyncError.self) { try sync.applyAll(at: other.bootstrapServers) }
                #expect(error?.message.contains("replaced: at offset 4 ") == true, "\(error as Any)")
                let stall = try #require(try Status(on: sync.targetSession).stalls.first)
                #expect(stall.reason.hasSuffix("tidegate load all --again --entity items"), "\(stall.reason)")
                #expect(stall.state == "stopped" && stall.secondsToNextAttempt == nil)
                #expect(try nextOffset(sync) == "5")
                #expect(try sync.sums() == [5, 5, 0, 0, 0])
            }
            // The old one is known again.
            try write("c", 6...6, n: 1, sync.writer)
            try sync.applyAll()
            #expect(try nextOffset(sync) == "6")
            #expect(try Status(on: sync.targetSession).stalls.isEmpty)
        }
    }

    @Test("a checkpoint whose last record has expired goes on when the next is there")
    func lastRecordExpired() throws {
        try withItems { sync in
            let large = String(repeating: "x", count: 600_000)
            func fill(_ count: Int) throws {
                for _ in 0..<count {
                    try sync.writer.send("item", key: #"{"id":1}"#, value: large)
                    try sync.writer.flush()
                }
            }
            try fill(12)
            let low = try sync.lowEnd("item")
            try #require(low > 0)
            // As if everything before the low end had been consumed, and only that.
            try sync.applyAll()
            try sync.targetSession.execute(
                """
                UPDATE tidegate.checkpoint SET next_offset = \(low), last_record = '\(low - 1):1:2:3'
                """)
            try sync.applyAll()
            #expect(try nextOffset(sync) == "12")
        }
    }
}
