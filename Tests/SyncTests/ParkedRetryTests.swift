import LibPQ
import TestSupport
import Testing

/// Keys that were parked for want of a parent and are taken up again.
@Suite(.serialized) struct ParkedRetryTests {
    private let source = """
        CREATE TABLE parent (id bigint PRIMARY KEY);
        CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint, body text)
        """
    private let target = """
        CREATE TABLE parent (id bigint PRIMARY KEY);
        CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint REFERENCES parent, body text, note text)
        """
    private let entities = """
          children: { from: public.child, into: public.child, key: [id], fields: same }
          parents: { from: public.parent, into: public.parent, key: [id], fields: same }
        """

    private func fixture(_ body: (SyncFixture) throws -> Void) throws {
        try withSync { source, target, broker in
            try body(
                try SyncFixture(
                    source, target, broker, tables: self.source, targetTables: self.target, entities: entities,
                    topics: ["parent": 1, "child": 1], limits: "{ lanes: 2 }", references: "wait"))
        }
    }

    private func child(_ operation: String, _ id: Int, parent: Int, _ sync: SyncFixture) throws {
        try sync.writer.write(
            operation, "child", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"parent_id":\#(parent),"body":"b"}"#)
    }

    private func parent(_ id: Int, _ sync: SyncFixture) throws {
        try sync.writer.write("c", "parent", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id)}"#)
        try sync.writer.flush()
    }

    private func waitForParked(_ count: Int, _ sync: SyncFixture) throws {
        try sync.writer.flush()
        try waitUntil("\(count) events are parked") {
            try sync.value("SELECT count(*) FROM tidegate.quarantine WHERE state = 'parked'") == "\(count)"
        }
    }

    @Test func anUndecodableEventHoldsBackNoOtherKey() throws {
        try fixture { sync in
            try child("c", 1, parent: 10, sync)
            try sync.writer.send("child", key: #"{"id":1}"#, value: "{not json")
            try child("c", 2, parent: 10, sync)
            try sync.writer.flush()
            try sync.running { _ in
                try waitForParked(3, sync)
                try parent(10, sync)
                try waitUntil("both children are there") {
                    try sync.rows("SELECT id FROM child ORDER BY 1") == ["1", "2"]
                }
                // Still parked behind what could not be decoded.
                try child("u", 1, parent: 10, sync)
                try waitForParked(2, sync)
            }
            #expect(
                try sync.rows("SELECT key, reason FROM tidegate.quarantine WHERE state = 'parked' ORDER BY id") == [
                    "{1}|undecodable", "{1}|behind",
                ])
            #expect(try sync.sums() == [5, 3, 0, 0, 2])
        }
    }

    @Test func rowsThatALoadHasSetAsideAreNoEvents() throws {
        try fixture { sync in
            try child("c", 1, parent: 10, sync)
            try sync.writer.flush()
            try sync.running { _ in
                try waitForParked(1, sync)
                try sync.targetSession.execute(
                    """
                    INSERT INTO tidegate.quarantine (flow, entity_id, topic, partition, "offset", key, reason, message,
                        event_value)
                    SELECT 'forward', id, 'baseline/all', 0, 1, '{1}', 'rejected', 'a row of a load',
                        convert_to('{"id":1,"parent_id":10,"body":"old"}', 'UTF8')
                    FROM tidegate.entity WHERE name = 'children'
                    """)
                try parent(10, sync)
                try waitUntil("the child is there") { try sync.rows("SELECT body FROM child") == ["b"] }
            }
            #expect(
                try sync.rows("SELECT reason, state FROM tidegate.quarantine ORDER BY id") == [
                    "missing-parent|resolved", "rejected|parked",
                ])
            #expect(try sync.sums() == [2, 2, 0, 0, 0])
        }
    }
}
