import LibPQ
import TestSupport
import Testing

@testable import Sync

/// Rows that the target rejects: what is only a matter of order waits, what is not is set aside and holds nothing up.
@Suite(.serialized) struct RejectionTests {
    private let table = "CREATE TABLE item (id bigint PRIMARY KEY, email text UNIQUE, n int CHECK (n <> 13))"
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: same }"

    private func fixture(_ references: String, _ body: (SyncFixture) throws -> Void) throws {
        try withSync { source, target, broker in
            try body(
                try SyncFixture(
                    source, target, broker, tables: table, entities: entities, topics: ["item": 2],
                    references: references))
        }
    }

    private func event(
        _ operation: String, _ id: Int, _ email: String, n: Int = 0, _ sync: SyncFixture
    ) -> WrittenEvent {
        let row = #"{"id":\#(id),"email":"\#(email)","n":\#(n)}"#
        return sync.writer.event(
            operation, "item", key: #"{"id":\#(id)}"#, before: operation == "d" ? row : nil,
            after: operation == "d" ? nil : row)
    }

    @Test(arguments: ["replica", "wait"])
    func aUniqueValueThatMovesWithItsKeyWaitsForTheDelete(references: String) throws {
        try fixture(references) { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'e', 0)")
            let old = try HandFedLane(sync, "item", partition: 0)
            let new = try HandFedLane(sync, "item", partition: 1)
            let halves = sync.writer.moving("item", from: 1, to: 2, after: #"{"id":2,"email":"e","n":1}"#)
            try new.take(halves.create)
            let error = #expect(throws: PostgresError.self) { try new.apply(isPatient: true) }
            #expect(error?.sqlState == .uniqueViolation)
            try old.apply(halves.delete)
            try new.apply(isPatient: true)
            #expect(try sync.rows("SELECT * FROM item") == ["2|e|1"])
            #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
        }
    }

    @Test(arguments: ["replica", "wait"], [true, false])
    func aUniqueValueMovesFromADeletedRowToANewOne(references: String, besideABadRow: Bool) throws {
        try fixture(references) { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'e', 0), (5, 'f', 0)")
            let lane = try HandFedLane(sync, "item")
            for event in [
                event("d", 1, "e", sync), event("c", 2, "e", sync), event("d", 5, "f", sync), event("c", 4, "f", sync),
            ] { try lane.take(event) }
            if besideABadRow { try lane.take(event("c", 3, "g", n: 13, sync)) }
            try lane.apply(isPatient: true)
            #expect(try sync.rows("SELECT id, email FROM item ORDER BY 1") == ["2|e", "4|f"])
            #expect(
                try sync.rows("SELECT key, reason FROM tidegate.quarantine") == (besideABadRow ? ["{3}|rejected"] : []))
        }
    }

    @Test func aClashIsTakenUpAgainWhenTheOtherRowHasGone() throws {
        try fixture("replica") { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'e', 0)")
            try sync.writer.write("c", "item", key: #"{"id":2}"#, after: #"{"id":2,"email":"e","n":0}"#)
            try sync.writer.write("c", "item", key: #"{"id":3}"#, after: #"{"id":3,"email":"f","n":0}"#)
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("the clash is parked") {
                    try sync.rows("SELECT key, reason, sqlstate FROM tidegate.quarantine") == ["{2}|conflict|23505"]
                }
                try waitUntil("the rest goes on") { try sync.rows("SELECT id FROM item ORDER BY 1") == ["1", "3"] }
                try sync.writer.write("d", "item", key: #"{"id":1}"#, before: #"{"id":1}"#)
                try sync.writer.flush()
                try waitUntil("the row is there") { try sync.rows("SELECT id FROM item ORDER BY 1") == ["2", "3"] }
            }
            #expect(try sync.sums() == [3, 3, 0, 0, 0])
        }
    }

    @Test(arguments: ["replica", "wait"])
    func sourceKeysThatMeanOneTargetKeyAreSetAside(references: String) throws {
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
            let lane = try HandFedLane(sync, "person")
            for email in ["A", "b", "a", "c", "d"] {
                try lane.take(
                    sync.writer.event(
                        "c", "person", key: #"{"email":"\#(email)"}"#, after: #"{"email":"\#(email)","name":"n"}"#))
            }
            try lane.apply()
            #expect(try sync.rows("SELECT email FROM person ORDER BY 1") == ["b", "c", "d"])
            #expect(
                try sync.rows("SELECT key, reason, sqlstate FROM tidegate.quarantine ORDER BY id") == [
                    "{A}|rejected|21000", "{a}|rejected|21000",
                ])
            #expect(try sync.sums() == [5, 3, 0, 0, 2])
        }
    }

    /// Deleting the parent first would take the child with it, and what only the target knows of it.
    @Test func deletesDoNotComeFirstWhereTheyTakeOtherRowsAlong() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker,
                tables: """
                    CREATE TABLE p (id bigint PRIMARY KEY, u text);
                    CREATE TABLE c (id bigint PRIMARY KEY, p bigint)
                    """,
                targetTables: """
                    CREATE TABLE p (id bigint PRIMARY KEY, u text UNIQUE);
                    CREATE TABLE c (id bigint PRIMARY KEY, p bigint REFERENCES p ON DELETE CASCADE, note text)
                    """,
                entities: """
                      ps: { from: public.p, into: public.p, key: [id], fields: same }
                      cs: { from: public.c, into: public.c, key: [id], fields: same }
                    """, topics: ["p": 1, "c": 1], references: "wait")
            try sync.targetSession.execute(
                "INSERT INTO p VALUES (1, 'x'), (2, 'y'), (3, 'z'); INSERT INTO c VALUES (7, 1, 'mine')")
            let lane = try HandFedLane(sync, "p")
            try lane.take(sync.writer.event("d", "p", key: #"{"id":1}"#, before: #"{"id":1}"#))
            try lane.take(sync.writer.event("u", "p", key: #"{"id":2}"#, after: #"{"id":2,"u":"x"}"#))
            try lane.take(sync.writer.event("u", "c", key: #"{"id":7}"#, after: #"{"id":7,"p":3}"#))
            #expect(throws: PostgresError.self) { try lane.apply(isPatient: true) }
            try lane.apply()
            #expect(try sync.rows("SELECT * FROM c") == ["7|3|mine"])
            #expect(try sync.rows("SELECT * FROM p ORDER BY 1") == ["2|y", "3|z"])
            #expect(try sync.rows("SELECT key, reason FROM tidegate.quarantine") == ["{2}|conflict"])
        }
    }
}
