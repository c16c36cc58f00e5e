import Testing

@Suite(.serialized) struct ApplyTests {
    private let table = "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text, n numeric(10,2))"
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: same }"

    @Test func insertsUpdatesAndDeletesArrive() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 4])
            for id in 1...100 {
                try sync.writer.write(
                    "c", "item", key: #"{"id":\#(id)}"#,
                    after: #"{"id":\#(id),"name":"a\tb\\c","body":null,"n":"\#(id).50"}"#)
            }
            for id in 1...50 {
                try sync.writer.write(
                    "u", "item", key: #"{"id":\#(id)}"#,
                    after: #"{"id":\#(id),"name":"changed","body":"x","n":null}"#)
            }
            for id in 91...100 {
                try sync.writer.write("d", "item", key: #"{"id":\#(id)}"#, before: #"{"id":\#(id)}"#)
                try sync.writer.send("item", key: #"{"id":\#(id)}"#, value: nil)
            }
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item") == "90")
            #expect(
                try sync.rows("SELECT * FROM item WHERE id IN (50, 51) ORDER BY 1") == [
                    "50|changed|x|-", "51|a\tb\\c|-|51.50",
                ])
            let sums = try sync.sums()
            #expect(sums[0] == 170 && sums[3] == 10 && sums[4] == 0)
            #expect(sums[1] + sums[2] == 160)
        }
    }
}
