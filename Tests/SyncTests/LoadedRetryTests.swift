import Ledger
import LibPQ
import TestSupport
import Testing

/// Rows that a load has set aside are taken up by the stream.
@Suite(.serialized) struct LoadedRetryTests {
    private func fixture(_ body: (SyncFixture, Quarantine) throws -> Void) throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, n int, p bigint)",
                targetTables: """
                    CREATE TABLE parent (id bigint PRIMARY KEY);
                    CREATE TABLE item (id bigint PRIMARY KEY, n int CONSTRAINT small CHECK (n < 100), p bigint REFERENCES parent)
                    """,
                entities: "  items: { from: public.item, into: public.item, key: [id], fields: same }",
                topics: ["item": 2], references: "wait")
            try body(sync, Quarantine(on: sync.targetSession))
        }
    }

    private func setAside(_ id: Int, _ n: Int, reason: String, awaited: String = "NULL", _ sync: SyncFixture) throws {
        try sync.targetSession.execute(
            """
            INSERT INTO tidegate.quarantine (flow, entity_id, topic, partition, "offset", key, reason, message, event_value,
                awaited, awaited_key)
            SELECT 'forward', e.id, 'baseline/all', 0, \(id), '{\(id)}', '\(reason)', 'm',
                convert_to('{"id":\(id),"n":\(n),"p":null}', 'UTF8'), CASE WHEN \(awaited) IS NOT NULL THEN 'item_p_fkey' END,
                ARRAY[\(awaited)::text] FROM tidegate.entity e WHERE e.name = 'items'
            """)
    }

    private func filter(_ id: Int) -> QuarantineFilter {
        var filter = QuarantineFilter()
        filter.key = ["\(id)"]
        return filter
    }

    @Test("A6: a retry writes a row of a load as the source has it now, and then what queued behind it")
    func readAgain() throws {
        try fixture { sync, quarantine in
            try setAside(1, 500, reason: "rejected", sync)
            try setAside(2, 500, reason: "rejected", sync)
            try sync.sourceSession.execute("INSERT INTO item VALUES (1, 7, NULL), (2, 600, NULL)")
            try sync.running { _ in
                try sync.writer.write("u", "item", key: #"{"id":1}"#, after: #"{"id":1,"n":8,"p":null}"#)
                try sync.writer.flush()
                try waitUntil("it queues behind") { try quarantine.entries(filter(1)).count == 2 }
                #expect(try quarantine.retry(filter(1)) == 2)
                #expect(try quarantine.retry(filter(2)) == 1)
                try waitUntil("both are done") { try sync.rows("SELECT id, n FROM item") == ["1|8"] }
                try waitUntil("the other was tried") { try quarantine.entries(filter(2)).first?.attempts == 1 }
                #expect(try quarantine.entries(filter(2)).first?.sqlState == "23514")
                // A person may put another value in its place: that is written as it stands.
                let id = try #require(try quarantine.entries(filter(2)).first?.id)
                #expect(try quarantine.edit(id, value: #"{"id":2,"n":9,"p":null}"#, reason: "by hand") == 1)
                try waitUntil("the edited one is there") {
                    try sync.rows("SELECT n FROM item ORDER BY id") == ["8", "9"]
                }
            }
            #expect(try quarantine.entries(QuarantineFilter()).isEmpty)
            #expect(try sync.sums() == [1, 1, 0, 0, 0])
        }
    }

    @Test("A5: a row of a load whose parent comes later is taken up by itself")
    func parentsOfLoadedRows() throws {
        try fixture { sync, quarantine in
            try setAside(1, 1, reason: "missing-parent", awaited: "5", sync)
            try setAside(2, 2, reason: "missing-parent", sync)
            try sync.sourceSession.execute("INSERT INTO item VALUES (1, 1, 5), (2, 2, 5)")
            try sync.running { _ in
                try waitUntil("the one of which it is not known what it waits for was tried") {
                    try sync.value("SELECT waits > 0 FROM tidegate.quarantine WHERE key = '{2}'") == "t"
                }
                #expect(try sync.value("SELECT waits FROM tidegate.quarantine WHERE key = '{1}'") == "0")
                try sync.targetSession.execute("INSERT INTO parent VALUES (5)")
                try waitUntil("both are there", within: .seconds(60)) {
                    try sync.rows("SELECT id FROM item ORDER BY 1") == ["1", "2"]
                }
            }
        }
    }
}
