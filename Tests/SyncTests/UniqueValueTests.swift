import LibPQ
import Model
import Sync
import TestSupport
import Testing

/// Unique values that move between rows (acceptance case A10).
@Suite(.serialized) struct UniqueValueTests {
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: { id: id, pos: pos } }"

    private func fixture(
        _ column: String = "pos int NOT NULL UNIQUE", partitions: Int = 1, references: String = "replica", rows: Int,
        _ body: (SyncFixture) throws -> Void
    ) throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, pos int)",
                targetTables:
                    "CREATE TABLE item (id bigint PRIMARY KEY, \(column), note text, twice bigint GENERATED ALWAYS AS (id * 2) STORED)",
                entities: entities, topics: ["item": partitions], references: references)
            try sync.targetSession.execute(
                "INSERT INTO item SELECT i, i, 'mine ' || i FROM generate_series(1, \(rows)) i")
            try body(sync)
        }
    }

    private func move(_ id: Int, to pos: Int, _ sync: SyncFixture, partition: Int32? = nil) throws {
        try sync.writer.write(
            "u", "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"pos":\#(pos)}"#, partition: partition)
    }

    private let ownFieldsAreThere = "SELECT bool_and(note = 'mine ' || id AND twice = id * 2) FROM item"

    @Test(
        "A10: two rows swap a unique value in one transaction",
        arguments: ["replica", "wait"],
        ["pos int NOT NULL UNIQUE", "pos int UNIQUE", "pos int NOT NULL CHECK (pos > 0) UNIQUE"])
    func swap(references: String, column: String) throws {
        try fixture(column, references: references, rows: 3) { sync in
            sync.writer.begin()
            try move(1, to: 2, sync)
            try move(2, to: 1, sync)
            try sync.applyAll()
            #expect(try sync.rows("SELECT id, pos FROM item ORDER BY id") == ["1|2", "2|1", "3|3"])
            #expect(try sync.value(ownFieldsAreThere) == "t")
            #expect(try sync.sums() == [2, 2, 0, 0, 0])
        }
    }

    @Test(
        "A10: a thousand rows pass their unique values on in a circle, and all shift by one",
        arguments: ["replica", "wait"])
    func rotationAndShift(references: String) throws {
        try fixture(references: references, rows: 1000) { sync in
            for id in 1...1000 { try move(id, to: id % 1000 + 1, sync) }
            try sync.applyAll()
            #expect(try sync.value("SELECT bool_and(pos = id % 1000 + 1) FROM item") == "t")
            for id in 1...1000 { try move(id, to: id % 1000 + 2, sync) }
            try sync.applyAll()
            #expect(try sync.value("SELECT bool_and(pos = id % 1000 + 2) FROM item") == "t")
            #expect(try sync.value(ownFieldsAreThere) == "t")
            #expect(try sync.sums()[4] == 0)
        }
    }

    @Test("A10: a swap beside a row that the target rejects works")
    func besideABadRow() throws {
        try fixture("pos int NOT NULL UNIQUE CHECK (pos <> 13)", rows: 8) { sync in
            for id in 1...6 { try move(id, to: 7 - id, sync) }
            try move(7, to: 13, sync)
            try sync.applyAll()
            #expect(
                try sync.rows("SELECT id, pos FROM item ORDER BY id").joined(separator: " ")
                    == "1|6 2|5 3|4 4|3 5|2 6|1 7|7 8|8")
            #expect(try sync.rows("SELECT key, reason FROM tidegate.quarantine") == ["{7}|rejected"])
        }
    }

    @Test(
        "A10: a true clash is set aside with both rows named, and nothing is deleted", arguments: ["replica", "wait"])
    func trueClash(references: String) throws {
        try fixture(references: references, rows: 5) { sync in
            try move(1, to: 2, sync)
            try move(2, to: 1, sync)
            try move(3, to: 5, sync)
            try move(4, to: 40, sync)
            try sync.applyAll()
            #expect(try sync.rows("SELECT id, pos FROM item ORDER BY id") == ["1|2", "2|1", "3|3", "4|40", "5|5"])
            #expect(
                try sync.rows("SELECT key, reason, sqlstate, held_by FROM tidegate.quarantine")
                    == ["{3}|conflict|23505|{5}"])
            #expect(try sync.value("SELECT message FROM tidegate.quarantine")?.contains("item_pos_key") == true)
            #expect(try sync.value(ownFieldsAreThere) == "t")
            #expect(try sync.sums() == [4, 3, 0, 0, 1])
        }
    }

    @Test("A10: rows are not taken out where a trigger would see it; what swaps there is set aside")
    func triggersSeeNothing() throws {
        try fixture(references: "wait", rows: 2) { sync in
            try sync.targetSession.execute(
                """
                CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'deleted'; END $$;
                CREATE TRIGGER keep BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION public.refuse()
                """)
            try move(1, to: 2, sync)
            try move(2, to: 1, sync)
            try sync.applyAll()
            #expect(try sync.rows("SELECT id, pos FROM item ORDER BY id") == ["1|1", "2|2"])
            let parked = try sync.rows("SELECT key, reason, held_by FROM tidegate.quarantine ORDER BY key")
            #expect(parked == ["{1}|conflict|{2}", "{2}|conflict|{1}"])
        }
    }

    @Test("A10: rows that swap a unique value across two partitions come together")
    func acrossPartitions() throws {
        try fixture(partitions: 2, rows: 4) { sync in
            sync.writer.begin()
            try move(1, to: 2, sync, partition: 0)
            try move(2, to: 1, sync, partition: 1)
            try move(3, to: 4, sync, partition: 1)
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil(
                    "the swap is done and the clash is parked", state: { "\(try sync.rows("SELECT * FROM item"))" }
                ) {
                    try sync.rows("SELECT id, pos FROM item ORDER BY id") == ["1|2", "2|1", "3|3", "4|4"]
                        && sync.rows("SELECT key, held_by FROM tidegate.quarantine WHERE state = 'parked'") == [
                            "{3}|{4}"
                        ]
                }
                // Once the other row gives it up, the clash is none.
                try move(4, to: 40, sync, partition: 0)
                try sync.writer.flush()
                try waitUntil("the value is free", within: .seconds(60)) {
                    try sync.rows("SELECT pos FROM item ORDER BY id") == ["2", "1", "4", "40"]
                }
                try move(1, to: 50, sync, partition: 0)
                try move(2, to: 51, sync, partition: 1)
                try sync.writer.flush()
                try waitUntil("the keys are free", within: .seconds(60)) {
                    try sync.rows("SELECT pos FROM item ORDER BY id") == ["50", "51", "4", "40"]
                }
            }
            #expect(try sync.value(ownFieldsAreThere) == "t")
            #expect(try sync.sums() == [6, 6, 0, 0, 0])
        }
    }
}
