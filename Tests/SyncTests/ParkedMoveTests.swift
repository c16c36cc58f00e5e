import LibPQ
import TestSupport
import Testing

/// Key changes that were parked for want of a parent and are taken up again.
@Suite(.serialized) struct ParkedMoveTests {
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
    private let unavailable = "__debezium_unavailable_value"

    private func fixture(_ body: (SyncFixture) throws -> Void) throws {
        try withSync { source, target, broker in
            try body(
                try SyncFixture(
                    source, target, broker, tables: self.source, targetTables: self.target, entities: entities,
                    topics: ["parent": 1, "child": 1], limits: "{ lanes: 2 }", references: "wait"))
        }
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

    @Test func aRetriedKeyChangeIsStillAMove() throws {
        try fixture { sync in
            try sync.targetSession.execute(
                "INSERT INTO parent VALUES (10); INSERT INTO child VALUES (1, 10, 'large', 'of the target')")
            sync.writer.begin()
            try sync.writer.move(
                "child", from: 1, to: 2, after: #"{"id":2,"parent_id":11,"body":"\#(unavailable)"}"#)
            try sync.writer.flush()
            try sync.running { _ in
                try waitForParked(1, sync)
                try parent(11, sync)
                try waitUntil("the row has moved") {
                    try sync.rows("SELECT * FROM child") == ["2|11|large|of the target"]
                }
            }
            #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
        }
    }

    @Test func aParkedKeyThatMovesOnIsTakenUpInPieces() throws {
        try fixture { sync in
            try sync.targetSession.execute(
                "INSERT INTO parent VALUES (10); INSERT INTO child VALUES (1, 10, 'large', 'of the target')")
            try sync.sourceSession.execute("INSERT INTO child VALUES (3, 12, 'large')")
            sync.writer.begin()
            try sync.writer.move(
                "child", from: 1, to: 2, after: #"{"id":2,"parent_id":11,"body":"\#(unavailable)"}"#)
            sync.writer.begin()
            try sync.writer.move(
                "child", from: 2, to: 3, after: #"{"id":3,"parent_id":12,"body":"\#(unavailable)"}"#)
            try sync.writer.flush()
            try sync.running { _ in
                try waitForParked(3, sync)
                try parent(11, sync)
                try waitForParked(1, sync)
                try parent(12, sync)
                try waitUntil("the row has moved twice") {
                    try sync.rows("SELECT * FROM child") == ["3|12|large|of the target"]
                }
            }
            #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
        }
    }
}
