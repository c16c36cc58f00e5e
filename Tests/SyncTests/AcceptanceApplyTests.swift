import LibPQ
import Testing

/// Cases that real migrations fail on, by their number in the list of acceptance cases.
@Suite(.serialized) struct AcceptanceApplyTests {
    private let table = "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text)"
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: same }"
    private let unavailable = "__debezium_unavailable_value"

    @Test func a1PlaceholderLeavesTheColumnAlone() throws {
        try withSync { source, target, broker in
            let columns = "CREATE TABLE item (id bigint PRIMARY KEY, body text, raw bytea, words text[], numbers int[])"
            let sync = try SyncFixture(source, target, broker, tables: columns, entities: entities, topics: ["item": 1])
            try sync.targetSession.execute(#"INSERT INTO item VALUES (1, 'old', '\x01', '{a}', '{1}')"#)
            let bytes = Array(unavailable.utf8).map(String.init).joined(separator: ",")
            try sync.writer.write(
                "u", "item", key: #"{"id":1}"#,
                after: """
                    {"id":1,"body":"\(unavailable)","raw":"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==",\
                    "words":["\(unavailable)"],"numbers":[\(bytes)]}
                    """)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == [#"1|old|\x01|{a}|{1}"#])
        }
    }

    @Test func a2RealValueSurvivesLaterPlaceholder() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'n', 'old')")
            try sync.writer.write("u", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":"n","body":"real"}"#)
            try sync.writer.write(
                "u", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":"m","body":"\#(unavailable)"}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|m|real"])
        }
    }

    @Test(arguments: [1, 1000]) func a2KeyChangeKeepsWhatTheEventLacks(batchRows: Int) throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: table,
                targetTables: "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text, note text)",
                entities: entities, topics: ["item": 1], limits: "{ lanes: 1, batch_rows: \(batchRows) }")
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'n', 'old', 'of the target')")
            try sync.writer.write("u", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":"n","body":"real"}"#)
            sync.writer.begin()
            try sync.writer.move(
                "item", from: 1, to: 2, after: #"{"id":2,"name":"moved","body":"\#(unavailable)"}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["2|moved|real|of the target"])
            #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
        }
    }

    @Test func aRowMovedAndDeletedInOneBatchStaysDeleted() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'n', 'old')")
            sync.writer.begin()
            try sync.writer.move("item", from: 1, to: 2, after: #"{"id":2,"name":"moved","body":"b"}"#)
            sync.writer.begin()
            try sync.writer.write("d", "item", key: #"{"id":2}"#, before: #"{"id":2}"#)
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item") == "0")
            #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
        }
    }

    @Test func twoRowsThatMoveToOneKeyInOneBatchLeaveTheLast() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: table,
                targetTables: "CREATE TABLE item (id bigint PRIMARY KEY, name text, body text, note text)",
                entities: entities, topics: ["item": 1])
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'a', 'a', 'a'), (5, 'b', 'b', 'b')")
            for id in [1, 5] {
                sync.writer.begin()
                try sync.writer.move(
                    "item", from: id, to: 2, after: #"{"id":2,"name":"from \#(id)","body":"\#(unavailable)"}"#)
                sync.writer.begin()
                if id == 1 { try sync.writer.write("d", "item", key: #"{"id":2}"#, before: #"{"id":2}"#) }
            }
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["2|from 5|b|b"])
            #expect(try sync.value("SELECT count(*) FROM tidegate.moved") == "0")
        }
    }

    @Test func a2WhatIsNowhereElseIsReadFromTheSource() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try sync.sourceSession.execute("INSERT INTO item VALUES (2, 'now', 'from the source')")
            try sync.writer.write(
                "c", "item", key: #"{"id":2}"#, after: #"{"id":2,"name":"then","body":"\#(unavailable)"}"#,
                oldKey: #"{"id":1}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["2|now|from the source"])
        }
    }

    @Test func a3DeletesNeedNoTombstoneAndSecondDeletesAreNothing() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'n', 'b'), (2, 'n', 'b')")
            for _ in 1...2 { try sync.writer.write("d", "item", key: #"{"id":1}"#, before: #"{"id":1}"#) }
            try sync.applyAll()
            try sync.writer.write("d", "item", key: #"{"id":1}"#, before: #"{"id":1}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT id FROM item") == ["2"])
            #expect(try sync.sums() == [3, 2, 1, 0, 0])
        }
    }

    @Test func a11ManyEventsOfOneKeyInOneBatch() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            for round in 1...500 {
                try sync.writer.write(
                    round == 1 ? "c" : "u", "item", key: #"{"id":1}"#,
                    after: #"{"id":1,"name":"\#(round)","body":null}"#)
            }
            try sync.writer.write("d", "item", key: #"{"id":1}"#, before: #"{"id":1}"#)
            try sync.writer.write("c", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":"again","body":"b"}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|again|b"])
        }
    }

    @Test func a12ReplayingTheTopicChangesNothing() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            for id in 1...20 {
                try sync.writer.write(
                    "c", "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"name":"a","body":"b"}"#)
            }
            let early = sync.writer.position
            for id in 1...20 {
                try sync.writer.write(
                    "u", "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"name":"z","body":"b"}"#)
            }
            try sync.applyAll()
            // The connector sends again what it had not confirmed, and a snapshot row comes late.
            try sync.writer.write(
                "c", "item", key: #"{"id":20}"#, after: #"{"id":20,"name":"a","body":"b"}"#, at: early)
            try sync.writer.write(
                "r", "item", key: #"{"id":7}"#, after: #"{"id":7,"name":"a","body":"b"}"#, snapshot: "true")
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item WHERE name = 'z'") == "20")
            #expect(
                try sync.rows("SELECT reason, events FROM tidegate.skip_count ORDER BY 1") == [
                    "replay|1", "snapshot-row|1",
                ])
            // The whole topic twice.
            try sync.targetSession.execute("UPDATE tidegate.checkpoint SET next_offset = NULL, position = NULL")
            try sync.applyAll()
            #expect(try sync.value("SELECT count(*) FROM item WHERE name = 'z'") == "20")
        }
    }

    @Test func a13OrderIsTheLogsNotTheClocks() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(source, target, broker, tables: table, entities: entities, topics: ["item": 1])
            try sync.writer.write(
                "c", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":"first","body":null}"#,
                millis: 2_000_000_000_000)
            try sync.applyAll()
            try sync.writer.write(
                "u", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":"second","body":null}"#,
                millis: 1_000_000_000_000)
            try sync.applyAll()
            #expect(try sync.value("SELECT name FROM item") == "second")
        }
    }

    @Test func a14NullStaysNull() throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: table,
                targetTables: "CREATE TABLE item (id bigint PRIMARY KEY, name text DEFAULT 'unnamed', body text)",
                entities: entities, topics: ["item": 1])
            try sync.writer.write("c", "item", key: #"{"id":1}"#, after: #"{"id":1,"name":null,"body":"b"}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|-|b"])
        }
    }

    @Test func a18IdentityAndGeneratedColumns() throws {
        try withSync { source, target, broker in
            let columns = """
                CREATE TABLE item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int,
                    twice int GENERATED ALWAYS AS (n * 2) STORED)
                """
            let sync = try SyncFixture(source, target, broker, tables: columns, entities: entities, topics: ["item": 1])
            try sync.writer.write("c", "item", key: #"{"id":5}"#, after: #"{"id":5,"n":4}"#)
            try sync.applyAll()
            try sync.writer.write("u", "item", key: #"{"id":5}"#, after: #"{"id":5,"n":7}"#)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["5|7|14"])
        }
    }
}
