import LibPQ
import Sync
import TestSupport
import Testing

/// A TRUNCATE of the source's, which arrives on one partition while others are behind it or ahead of it.
@Suite(.serialized) struct TruncateTests {
    private let table = "CREATE TABLE item (id bigint PRIMARY KEY, name text)"
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: same }"

    private func fixture(partitions: Int, lanes: Int = 3, _ body: (SyncFixture) throws -> Void) throws {
        try withSync { source, target, broker in
            try body(
                try SyncFixture(
                    source, target, broker, tables: table, entities: entities, topics: ["item": partitions],
                    limits: "{ lanes: \(lanes) }"))
        }
    }

    private func insert(_ id: Int, _ sync: SyncFixture, partition: Int32 = 0, at position: Int? = nil) throws {
        try sync.writer.write(
            "c", "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"name":"n"}"#, partition: partition,
            at: position)
    }

    private func truncate(_ sync: SyncFixture, partition: Int32 = 0, at position: Int? = nil) throws {
        try sync.writer.write("t", "item", key: nil, partition: partition, at: position)
    }

    private func expectNothingLost(_ sync: SyncFixture, events: Int) throws {
        let sums = try sync.sums()
        #expect(sums[0] == events && sums[0] == sums[1] + sums[2] + sums[3] + sums[4] && sums[4] == 0)
    }

    @Test func theOnlyPartitionIsEmptiedInItsOrder() throws {
        try fixture(partitions: 1) { sync in
            for id in 1...3 { try insert(id, sync) }
            try truncate(sync)
            for id in 3...4 { try insert(id, sync) }
            try sync.applyAll()
            #expect(try sync.rows("SELECT id FROM item ORDER BY 1") == ["3", "4"])
            try expectNothingLost(sync, events: 6)
        }
    }

    @Test(arguments: [1, 3]) func rowsFromBeforeGoAndRowsFromAfterStay(lanes: Int) throws {
        try fixture(partitions: 3, lanes: lanes) { sync in
            for id in 0..<300 { try insert(id, sync, partition: Int32(id % 3)) }
            try truncate(sync, partition: 1)
            for id in 200..<400 { try insert(id, sync, partition: Int32(id % 3)) }
            try sync.sourceSession.execute("INSERT INTO item SELECT n, 'n' FROM generate_series(200, 399) n")
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item WHERE id BETWEEN 200 AND 399") == "200")
            #expect(try sync.value("SELECT count(*) FROM item") == "200")
            try expectNothingLost(sync, events: 501)
        }
    }

    /// Partitions 1 and 2 are behind: what they bring is older than the truncate that partition 0 has brought.
    @Test(arguments: [1, 3]) func eventsFromBeforeDoNotComeBack(lanes: Int) throws {
        try fixture(partitions: 3, lanes: lanes) { sync in
            for id in 1...2 { try insert(id, sync) }
            let early = sync.writer.position
            for _ in 1...9 { try insert(3, sync) }
            try sync.sourceSession.execute("INSERT INTO item VALUES (9, 'n')")
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("rows are there") { try sync.value("SELECT count(*) FROM item") == "3" }
                try truncate(sync)
                try sync.writer.flush()
                try waitUntil("the table is empty") { try sync.value("SELECT count(*) FROM item") == "0" }
                for (offset, id) in [4, 7].enumerated() {
                    try insert(id, sync, partition: 1, at: early + 8 * offset)
                    try insert(id + 1, sync, partition: 2, at: early + 8 * offset)
                }
                try insert(9, sync, partition: 1)
                try sync.writer.flush()
                try waitUntil("what comes after is there") {
                    try sync.value("SELECT sum(consumed) FROM tidegate.checkpoint") == "17"
                }
            }
            #expect(try sync.rows("SELECT id FROM item") == ["9"])
            #expect(try sync.rows("SELECT reason, sum(events) FROM tidegate.skip_count GROUP BY 1") == ["truncated|4"])
            // Another process knows it too.
            try insert(5, sync, partition: 2, at: early + 8)
            try sync.applyAll()
            #expect(try sync.rows("SELECT id FROM item") == ["9"])
            try expectNothingLost(sync, events: 18)
        }
    }

    /// A row of a transaction that the stream has shown and the source does not show yet.
    @Test func aRowWhoseCommitIsNotVisibleYetStays() throws {
        try fixture(partitions: 2) { sync in
            try insert(1, sync)
            let open = try sync.source.connect()
            try open.execute("BEGIN; INSERT INTO item VALUES (50, 'n')")
            try insert(2, sync)
            let position = sync.writer.position
            try insert(50, sync, partition: 1)
            try sync.writer.flush()
            try sync.running { service in
                try waitUntil("rows are there") { try sync.value("SELECT count(*) FROM item") == "3" }
                try truncate(sync, at: position)
                try sync.writer.flush()
                try waitUntil("the lane says whom it waits for") {
                    service.reports.contains { $0.stall?.reason.contains("idle in transaction") ?? false }
                }
                #expect(try sync.value("SELECT count(*) FROM item") == "3")
                try open.execute("COMMIT")
                try waitUntil("the table is truncated") { try sync.rows("SELECT id FROM item") == ["50"] }
            }
            try expectNothingLost(sync, events: 4)
        }
    }

    @Test func withoutASourceItStallsAndSaysWhatToDo() throws {
        try fixture(partitions: 2) { sync in
            try insert(1, sync)
            try truncate(sync)
            try sync.writer.flush()
            try sync.running(hasSource: false) { service in
                try waitUntil("the entity stops") {
                    service.reports.contains {
                        $0.stopped.values.contains { $0.contains("give the playbook a source") }
                    }
                }
            }
            #expect(try sync.sums()[4] == 0)
            // With one it goes on.
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item") == "0")
            try expectNothingLost(sync, events: 2)
        }
    }

    @Test func parkedEventsFromBeforeDoNotComeBack() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker,
                tables: """
                    CREATE TABLE parent (id bigint PRIMARY KEY);
                    CREATE TABLE child (id bigint PRIMARY KEY, p bigint)
                    """,
                targetTables: """
                    CREATE TABLE parent (id bigint PRIMARY KEY);
                    CREATE TABLE child (id bigint PRIMARY KEY, p bigint REFERENCES parent)
                    """,
                entities: """
                      parents: { from: public.parent, into: public.parent, key: [id], fields: same }
                      children: { from: public.child, into: public.child, key: [id], fields: same }
                    """, topics: ["parent": 1, "child": 1], references: "wait")
            try sync.writer.write("c", "child", key: #"{"id":1}"#, after: #"{"id":1,"p":10}"#)
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("the child is parked") {
                    try sync.value("SELECT count(*) FROM tidegate.quarantine") == "1"
                }
                try sync.writer.write("t", "child", key: nil)
                try sync.writer.write("c", "child", key: #"{"id":2}"#, after: #"{"id":2,"p":null}"#)
                try sync.writer.write("c", "parent", key: #"{"id":10}"#, after: #"{"id":10}"#)
                try sync.writer.flush()
                try waitUntil("the parked event is settled") {
                    try sync.value("SELECT state FROM tidegate.quarantine") == "resolved"
                }
            }
            #expect(try sync.rows("SELECT id FROM child") == ["2"])
            #expect(try sync.sums() == [4, 3, 1, 0, 0])
        }
    }
}
