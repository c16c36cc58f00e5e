import Ledger
import LibPQ
import TestSupport
import Testing

/// Rows that point at other rows (acceptance case A5), with the target's foreign keys in force.
@Suite(.serialized) struct ReferenceTests {
    private let tables = """
        CREATE TABLE parent (id bigint PRIMARY KEY, boss bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
        CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint REFERENCES parent)
        """
    private let entities = """
          children: { from: public.child, into: public.child, key: [id], fields: same }
          parents: { from: public.parent, into: public.parent, key: [id], fields: same }
        """

    private func fixture(
        limits: String = "{ lanes: 2 }", _ body: (SyncFixture) throws -> Void
    ) throws {
        try withSync { source, target, broker in
            try body(
                try SyncFixture(
                    source, target, broker, tables: tables, entities: entities, topics: ["parent": 1, "child": 1],
                    limits: limits, references: "wait"))
        }
    }

    @Test func a5ParentsComeFirstAndGoLast() throws {
        try fixture { sync in
            try sync.writer.write("c", "child", key: #"{"id":1}"#, after: #"{"id":1,"parent_id":10}"#)
            try sync.writer.write("c", "parent", key: #"{"id":11}"#, after: #"{"id":11,"boss":12}"#)
            try sync.writer.write("c", "parent", key: #"{"id":12}"#, after: #"{"id":12,"boss":11}"#)
            try sync.writer.write("c", "parent", key: #"{"id":10}"#, after: #"{"id":10,"boss":10}"#)
            try sync.applyAll(lanes: 1)
            #expect(try sync.rows("SELECT * FROM parent ORDER BY 1") == ["10|10", "11|12", "12|11"])
            #expect(try sync.rows("SELECT * FROM child") == ["1|10"])
            try sync.writer.write("d", "parent", key: #"{"id":10}"#, before: #"{"id":10,"boss":null}"#)
            try sync.writer.write("d", "child", key: #"{"id":1}"#, before: #"{"id":1,"parent_id":null}"#)
            try sync.applyAll(lanes: 1)
            #expect(try sync.rows("SELECT id FROM parent ORDER BY 1") == ["11", "12"])
            #expect(try sync.sums()[4] == 0)
        }
    }

    @Test func a5AMissingParentParksTheChildUntilItComes() throws {
        try fixture { sync in
            try sync.writer.write("c", "child", key: #"{"id":1}"#, after: #"{"id":1,"parent_id":10}"#)
            try sync.writer.write("c", "child", key: #"{"id":2}"#, after: #"{"id":2,"parent_id":null}"#)
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("the child is parked") {
                    try sync.value("SELECT count(*) FROM tidegate.quarantine WHERE reason = 'missing-parent'") == "1"
                }
                #expect(try sync.rows("SELECT id FROM child") == ["2"])
                try sync.writer.write("u", "child", key: #"{"id":1}"#, after: #"{"id":1,"parent_id":11}"#)
                try sync.writer.flush()
                try waitUntil("the later event queues behind") {
                    try sync.value("SELECT count(*) FROM tidegate.quarantine WHERE reason = 'behind'") == "1"
                }
                try sync.writer.write("c", "parent", key: #"{"id":11}"#, after: #"{"id":11,"boss":null}"#)
                try sync.writer.flush()
                try waitUntil("the child is there") { try sync.rows("SELECT * FROM child WHERE id = 1") == ["1|11"] }
            }
            #expect(try sync.value("SELECT string_agg(DISTINCT state, ',') FROM tidegate.quarantine") == "resolved")
            #expect(try sync.sums() == [4, 3, 1, 0, 0])
        }
    }

    @Test("A5: waiting children are asked for all at once, and none is tried before its parent is there")
    func manyWaitTogether() throws {
        try fixture { sync in
            for id in 1...300 {
                try sync.writer.write(
                    "c", "child", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"parent_id":\#(id % 3)}"#)
            }
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("all are parked") {
                    try sync.value("SELECT count(*) FROM tidegate.quarantine WHERE awaited_key IS NOT NULL") == "300"
                }
                let waits = try Status(on: sync.targetSession).quarantine.first
                #expect(waits?.reason == "missing-parent" && waits?.events == 300)
                #expect((waits?.secondsSinceOldest ?? -1) >= 0)
                for id in 0...1 {
                    try sync.writer.write("c", "parent", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"boss":null}"#)
                }
                try sync.writer.flush()
                try waitUntil("those whose parents are there are there") {
                    try sync.value("SELECT count(*) FROM child") == "200"
                }
                #expect(try sync.value("SELECT max(waits) FROM tidegate.quarantine") == "0")
            }
            #expect(try sync.sums() == [302, 202, 0, 0, 100])
        }
    }

    @Test("A5: more waiting children than the limit stop their entity alone, until the parents come")
    func waitingIsBounded() throws {
        try fixture(limits: "{ lanes: 1, waiting_keys: 20 }") { sync in
            for id in 1...50 {
                try sync.writer.write("c", "child", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"parent_id":10}"#)
            }
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("the entity has stopped") {
                    try Status(on: sync.targetSession).stalls.first?.state == "stopped"
                }
                let stall = try #require(try Status(on: sync.targetSession).stalls.first)
                #expect(stall.state == "stopped" && stall.topic == "t.public.child")
                #expect(stall.reason.contains("too-many-waiting") && stall.reason.contains("(entity parents)"))
                #expect(try sync.value("SELECT count(*) FROM tidegate.quarantine") == "0")
                try sync.writer.write("c", "parent", key: #"{"id":10}"#, after: #"{"id":10,"boss":null}"#)
                try sync.writer.flush()
                try waitUntil("it goes on", within: .seconds(60)) {
                    try sync.value("SELECT count(*) FROM child") == "50"
                }
                try waitUntil("nothing is stopped") { try Status(on: sync.targetSession).stalls.isEmpty }
            }
            #expect(try sync.sums() == [51, 51, 0, 0, 0])
        }
    }

    @Test func a6ARowThatTheTargetRejectsIsSetAsideAndTheRestGoesOn() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, n int)",
                targetTables: "CREATE TABLE item (id bigint PRIMARY KEY, n int CHECK (n <> 13))",
                entities: "  items: { from: public.item, into: public.item, key: [id], fields: same }",
                topics: ["item": 2])
            for id in 1...200 {
                try sync.writer.write("c", "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"n":\#(id)}"#)
            }
            try sync.writer.send("item", key: #"{"id":300}"#, value: "{not json")
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item") == "199")
            #expect(
                try sync.rows(
                    "SELECT reason, sqlstate, key::text, event_value IS NOT NULL FROM tidegate.quarantine ORDER BY 1")
                    == ["rejected|23514|{13}|t", "undecodable|-|{300}|t"])
            // Later events of the key queue behind it, also in another process.
            try sync.writer.write("u", "item", key: #"{"id":13}"#, after: #"{"id":13,"n":14}"#)
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item WHERE id = 13") == "0")
            #expect(try sync.sums() == [202, 199, 0, 0, 3])
        }
    }
}
