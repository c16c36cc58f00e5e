import LibPQ
import TestSupport
import Testing

@testable import Sync

/// Key changes whose halves come on two lanes, in any order (acceptance case A2).
@Suite(.serialized) struct KeyMoveTests {
    private let table = "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text)"
    private let wider = "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text, note text DEFAULT 'none')"
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: same }"
    private let unavailable = "__debezium_unavailable_value"

    enum First: CaseIterable { case delete, create, neither }

    private func fixture(_ references: String, _ body: (SyncFixture) throws -> Void) throws {
        try withSync { source, target, broker in
            try body(
                try SyncFixture(
                    source, target, broker, tables: table, targetTables: wider, entities: entities,
                    topics: ["item": 2], references: references))
        }
    }

    private func after(_ id: Int, _ name: String, body: String? = nil) -> String {
        #"{"id":\#(id),"name":"\#(name)","body":"\#(body ?? unavailable)"}"#
    }

    private func expectNothingLeft(_ sync: SyncFixture) throws {
        #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
        #expect(try sync.sums()[4] == 0)
    }

    /// Applies a key change's halves in an order.
    private func apply(
        _ halves: (delete: WrittenEvent, create: WrittenEvent), _ first: First, old: HandFedLane, new: HandFedLane
    ) throws {
        switch first {
        case .delete:
            try old.apply(halves.delete)
            try new.apply(halves.create)
        case .create:
            try new.apply(halves.create)
            try old.apply(halves.delete)
        case .neither: try new.apply(halves.delete, halves.create)
        }
    }

    @Test(arguments: ["replica", "wait"], First.allCases)
    func whatTheEventsDoNotBringSurvivesWhicheverHalfComesFirst(references: String, first: First) throws {
        try fixture(references) { sync in
            try sync.sourceSession.execute("INSERT INTO item VALUES (2, 'moved', 'large')")
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'n', 'large', 'of the target')")
            try apply(
                sync.writer.moving("item", from: 1, to: 2, after: after(2, "moved")), first,
                old: try HandFedLane(sync, "item", partition: 0), new: try HandFedLane(sync, "item", partition: 1))
            #expect(try sync.rows("SELECT * FROM item") == ["2|moved|large|of the target"])
            try expectNothingLeft(sync)
        }
    }

    @Test(arguments: First.allCases) func aRowThatTheTargetDoesNotHaveLeavesNothingBehind(first: First) throws {
        try fixture("replica") { sync in
            try apply(
                sync.writer.moving("item", from: 1, to: 2, after: after(2, "moved", body: "b")), first,
                old: try HandFedLane(sync, "item", partition: 0), new: try HandFedLane(sync, "item", partition: 1))
            #expect(try sync.rows("SELECT * FROM item") == ["2|moved|b|none"])
            try expectNothingLeft(sync)
        }
    }

    @Test(arguments: ["replica", "wait"], [First.delete, .create])
    func twoRowsOfOneTransactionMoveToOneKey(references: String, first: First) throws {
        try fixture(references) { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'a', 'a', 'a'), (5, 'b', 'b', 'b')")
            let old = try HandFedLane(sync, "item", partition: 0)
            let new = try HandFedLane(sync, "item", partition: 1)
            sync.writer.begin()
            let one = sync.writer.moving("item", from: 1, to: 2, after: after(2, "from 1", body: "a"))
            let gone = sync.writer.event("d", "item", key: #"{"id":2}"#, before: #"{"id":2}"#)
            let five = sync.writer.moving("item", from: 5, to: 2, after: after(2, "from 5", body: "b"))
            if first == .delete { try old.apply(one.delete, five.delete) }
            try new.apply(one.create, gone, five.create)
            if first == .create { try old.apply(one.delete, five.delete) }
            #expect(try sync.rows("SELECT * FROM item") == ["2|from 5|b|b"])
            try expectNothingLeft(sync)
        }
    }

    /// A row that was read again under a key may be of a later life of it.
    @Test(arguments: ["replica", "wait"], [true, false])
    func aLargeValueIsNeverOfAnotherLifeOfTheKey(references: String, inOrder: Bool) throws {
        try fixture(references) { sync in
            try sync.sourceSession.execute("INSERT INTO item VALUES (7, 'five', 'large 5'), (1, 'six', 'large 6')")
            try sync.targetSession.execute(
                "INSERT INTO item VALUES (5, 'five', 'large 5', 'note 5'), (6, 'six', 'large 6', 'note 6')")
            let odd = try HandFedLane(sync, "item", partition: 0)
            let one = try HandFedLane(sync, "item", partition: 1)
            sync.writer.begin()
            let first = sync.writer.moving("item", from: 5, to: 1, after: after(1, "five"))
            sync.writer.begin()
            let second = sync.writer.moving("item", from: 1, to: 7, after: after(7, "five"))
            sync.writer.begin()
            let third = sync.writer.moving("item", from: 6, to: 1, after: after(1, "six"))
            if inOrder { try odd.apply(first.delete) }
            try one.apply(first.create, second.delete, third.create)
            if !inOrder { try odd.apply(first.delete) }
            try odd.apply(second.create, third.delete)
            #expect(
                try sync.rows("SELECT * FROM item ORDER BY 1") == ["1|six|large 6|note 6", "7|five|large 5|note 5"])
            try expectNothingLeft(sync)
        }
    }

    @Test func everyTypeMovesAsItIs() throws {
        try withSync { source, target, broker in
            let own = """
                CREATE TABLE item (id bigint PRIMARY KEY, name text, body text, doc json, bounds int[], pairs hstore,
                    ratio double precision, at timestamptz, raw bytea, word text)
                """
            try target.connect().execute("CREATE EXTENSION hstore")
            let sync = try SyncFixture(
                source, target, broker, tables: table, targetTables: own, entities: entities, topics: ["item": 2])
            try sync.targetSession.execute(
                #"""
                INSERT INTO item VALUES (1, 'n', 'b', '{"z":1, "a":2,  "z":3}', '[0:2]={1,NULL,3}',
                    'a=>"1, \"2\"", b=>NULL', 0.1::float8 + 0.2::float8, 'infinity', '\x0001ff', E'a "b", (c)\n\\d')
                """#)
            let columns = "doc, bounds, pairs, ratio, at, raw, word"
            let before = try sync.rows("SELECT \(columns) FROM item")
            let halves = sync.writer.moving("item", from: 1, to: 2, after: after(2, "moved", body: "b"))
            try HandFedLane(sync, "item", partition: 0).apply(halves.delete)
            try HandFedLane(sync, "item", partition: 1).apply(halves.create)
            #expect(try sync.rows("SELECT \(columns) FROM item WHERE id = 2") == before)
        }
    }

    // MARK: Without a source

    @Test(arguments: ["replica", "wait"])
    func withoutASourceTheCreateWaitsForTheDelete(references: String) throws {
        try fixture(references) { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'n', 'old', 'of the target')")
            let old = try HandFedLane(sync, "item", partition: 0, hasSource: false)
            let new = try HandFedLane(sync, "item", partition: 1, hasSource: false)
            let update = sync.writer.event("u", "item", key: #"{"id":1}"#, after: after(1, "n", body: "newer"))
            let halves = sync.writer.moving("item", from: 1, to: 2, after: after(2, "moved"))
            try new.take(halves.create)
            let error = #expect(throws: SyncError.self) { try new.apply(isPatient: true) }
            #expect(error?.code == .awaited)
            try old.apply(update, halves.delete)
            try new.apply()
            #expect(try sync.rows("SELECT * FROM item") == ["2|moved|newer|of the target"])
            try expectNothingLeft(sync)
        }
    }

    @Test(arguments: ["replica", "wait"], [First.delete, .create])
    func aValueThatIsNowhereToBeHadIsNeverMadeNull(references: String, first: First) throws {
        try fixture(references) { sync in
            let halves = sync.writer.moving("item", from: 1, to: 2, after: after(2, "moved"))
            try apply(
                halves, first, old: try HandFedLane(sync, "item", partition: 0, hasSource: false),
                new: try HandFedLane(sync, "item", partition: 1, hasSource: false))
            #expect(try sync.value("SELECT count(*) FROM item") == "0")
            let reason = first == .delete ? "unavailable" : "missing-half"
            #expect(try sync.rows("SELECT key, reason FROM tidegate.quarantine") == ["{2}|\(reason)"])
        }
    }

    @Test(arguments: ["replica", "wait"], [true, false])
    func aKeyThatIsUsedAgainTakesNothingFromItsFormerLife(references: String, isCarried: Bool) throws {
        try fixture(references) { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (2, 'former', 'former', 'former')")
            if isCarried { try sync.targetSession.execute("INSERT INTO item VALUES (1, 'n', 'large', 'mine')") }
            let lane = try HandFedLane(sync, "item", hasSource: false)
            let gone = sync.writer.event("d", "item", key: #"{"id":2}"#, before: #"{"id":2}"#)
            let halves = sync.writer.moving(
                "item", from: 1, to: 2, after: after(2, "moved", body: isCarried ? nil : "large"))
            try lane.apply(gone, halves.delete, halves.create)
            #expect(try sync.rows("SELECT * FROM item") == ["2|moved|large|\(isCarried ? "mine" : "none")"])
            try expectNothingLeft(sync)
        }
    }

    // MARK: Keys that the target maps

    @Test(arguments: ["replica", "wait"], First.allCases)
    func aRowStaysWhoseTargetKeyIsTheSame(references: String, first: First) throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE person (email text PRIMARY KEY, name text)",
                targetTables: "CREATE TABLE person (email text PRIMARY KEY, name text, note text)",
                entities: """
                      people:
                        from: public.person
                        into: public.person
                        key: [email]
                        fields: { email: lower(email), name: name }
                    """, topics: ["person": 2], references: references)
            try sync.targetSession.execute("INSERT INTO person VALUES ('a', 'n', 'of the target'), ('b', 'b', 'b')")
            let (old, new) = (#"{"email":"a"}"#, #"{"email":"A"}"#)
            let delete = sync.writer.event("d", "person", key: old, before: old, newKey: new)
            let create = sync.writer.event(
                "c", "person", key: new, after: #"{"email":"A","name":"moved"}"#, oldKey: old, at: sync.writer.position)
            try apply(
                (delete, create), first, old: try HandFedLane(sync, "person", partition: 0),
                new: try HandFedLane(sync, "person", partition: 1))
            #expect(try sync.rows("SELECT * FROM person ORDER BY 1") == ["a|moved|of the target", "b|b|b"])
            try expectNothingLeft(sync)
        }
    }

    @Test(arguments: ["replica", "wait"])
    func aDeleteLeavesTheRowThatAnotherKeyOfTheBatchWrites(references: String) throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE person (email text PRIMARY KEY, name text)",
                entities: """
                      people:
                        from: public.person
                        into: public.person
                        key: [email]
                        fields: { email: lower(email), name: name }
                    """, topics: ["person": 1], references: references)
            try sync.targetSession.execute("INSERT INTO person VALUES ('a', 'n'), ('b', 'b')")
            let delete = sync.writer.event("d", "person", key: #"{"email":"a"}"#, before: #"{"email":"a"}"#)
            let create = sync.writer.event(
                "c", "person", key: #"{"email":"A"}"#, after: #"{"email":"A","name":"new"}"#)
            let other = sync.writer.event("d", "person", key: #"{"email":"b"}"#, before: #"{"email":"b"}"#)
            try HandFedLane(sync, "person").apply(delete, create, other)
            #expect(try sync.rows("SELECT * FROM person ORDER BY 1") == ["a|new"])
        }
    }
}
