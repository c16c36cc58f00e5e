import LibPQ
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
}
