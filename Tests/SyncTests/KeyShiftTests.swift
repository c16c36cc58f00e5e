import LibPQ
import Testing

/// `UPDATE item SET id = id + 1` over a whole table (acceptance case A4), the large values unchanged and so not in the
/// events, beside a column that only the target has.
@Suite(.serialized) struct KeyShiftTests {
    @Test(arguments: [1, 7, 1000], ["replica", "wait"])
    func a4EveryKeyMovesUpByOne(batchRows: Int, references: String) throws {
        try withSync { source, target, broker in
            let keys = 10_000
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text)",
                targetTables: "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text, note text)",
                entities: "  items: { from: public.item, into: public.item, key: [id], fields: same }",
                topics: ["item": 4], limits: "{ lanes: 3, batch_rows: \(batchRows) }", references: references)
            try sync.sourceSession.execute(
                "INSERT INTO item SELECT n + 1, 'moved', 'body ' || n FROM generate_series(1, \(keys)) n")
            try sync.targetSession.execute(
                "INSERT INTO item SELECT n, 'row', 'body ' || n, 'note ' || n FROM generate_series(1, \(keys)) n")
            sync.writer.begin()
            // As a table in descending order sends it.
            for id in stride(from: keys, through: 1, by: -1) {
                try sync.writer.move(
                    "item", from: id, to: id + 1,
                    after: #"{"id":\#(id + 1),"name":"moved","body":"__debezium_unavailable_value"}"#)
            }
            try sync.applyAll()
            let right = """
                SELECT count(*) FROM item
                WHERE name = 'moved' AND body = 'body ' || id - 1 AND note = 'note ' || id - 1 AND id > 1
                """
            #expect(try sync.value("SELECT count(*) FROM item") == "\(keys)")
            #expect(try sync.value(right) == "\(keys)")
            #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
            #expect(try sync.sums()[4] == 0)
        }
    }
}
