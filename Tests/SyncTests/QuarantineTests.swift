import Ledger
import LibPQ
import Model
import Sync
import TestSupport
import Testing

/// What a person does about events that were set aside, and what stops an entity instead.
@Suite(.serialized) struct QuarantineTests {
    private let tables = """
        CREATE TABLE item (id bigint PRIMARY KEY, n int CONSTRAINT small CHECK (n < 100));
        CREATE TABLE other (id bigint PRIMARY KEY, n int)
        """
    private let entities = """
          items:
            from: public.item
            into: public.item
            key: [id]
            fields: same
            defects: { unlucky: { where: "n = 13", action: quarantine } }
          others: { from: public.other, into: public.other, key: [id], fields: same }
        """

    private func withItems(
        limits: String = "{ lanes: 1 }", ownership: String = "", _ body: (SyncFixture, Quarantine) throws -> Void
    ) throws {
        try withSync { source, target, broker in
            let sync = try SyncFixture(
                source, target, broker, tables: tables.replacing(" CONSTRAINT small CHECK (n < 100)", with: ""),
                targetTables: tables, entities: entities, topics: ["item": 1, "other": 1], limits: limits,
                ownership: ownership)
            try body(sync, Quarantine(on: sync.targetSession))
        }
    }

    private func write(_ operation: String, _ id: Int, _ n: Int, table: String = "item", _ sync: SyncFixture) throws {
        let row = #"{"id":\#(id),"n":\#(n)}"#
        try sync.writer.write(
            operation, table, key: #"{"id":\#(id)}"#, before: operation == "d" ? row : nil,
            after: operation == "d" ? nil : row)
        try sync.writer.flush()
    }

    private func filter(_ change: (inout QuarantineFilter) -> Void) -> QuarantineFilter {
        var filter = QuarantineFilter()
        change(&filter)
        return filter
    }

    private func waitFor(_ expected: [String], _ sync: SyncFixture) throws {
        try waitUntil("the events are \(expected)", state: { "\(try sync.rows(Self.events))" }) {
            try sync.rows(Self.events) == expected
        }
    }

    private static let events = """
        SELECT key, reason, state FROM tidegate.quarantine ORDER BY id
        """

    /// The queue of a key is replayed in order, once the cause is mended; others never waited.
    @Test func a6RetryReplaysAKeysQueueInOrder() throws {
        try withItems { sync, quarantine in
            try sync.running { _ in
                try write("c", 1, 500, sync)
                try waitFor(["{1}|rejected|parked"], sync)
                try write("u", 1, 7, sync)
                try write("c", 2, 8, sync)
                try write("u", 1, 600, sync)
                try waitFor(["{1}|rejected|parked", "{1}|behind|parked", "{1}|behind|parked"], sync)
                try waitUntil("the other key is there") { try sync.rows("SELECT * FROM item") == ["2|8"] }
                // As long as the cause is there nothing changes, but that it is told.
                #expect(try quarantine.retry(filter { $0.key = ["1"] }) == 3)
                try waitUntil("it was tried") {
                    try quarantine.entries(QuarantineFilter()).allSatisfy { $0.attempts == 1 }
                }
                try waitFor(["{1}|rejected|parked", "{1}|behind|parked", "{1}|behind|parked"], sync)
                try sync.targetSession.execute("ALTER TABLE item DROP CONSTRAINT small")
                #expect(try quarantine.retry(filter { $0.entity = "items" }) == 3)
                try waitUntil("all are applied") { try sync.rows("SELECT * FROM item ORDER BY 1") == ["1|600", "2|8"] }
                try write("d", 1, 0, sync)
                try waitUntil("the key is free") { try sync.rows("SELECT * FROM item") == ["2|8"] }
            }
            #expect(try sync.sums() == [5, 3, 2, 0, 0])
            #expect(try quarantine.entries(QuarantineFilter()).isEmpty)
            #expect(try sync.value("SELECT count(*) FROM tidegate.audit WHERE action = 'events-retried'") == "6")
        }
    }

    @Test func whatQueuedBehindADiscardedEventIsApplied() throws {
        try withItems { sync, quarantine in
            try sync.running { _ in
                try write("c", 1, 500, sync)
                try waitFor(["{1}|rejected|parked"], sync)
                try write("u", 1, 7, sync)
                try waitFor(["{1}|rejected|parked", "{1}|behind|parked"], sync)
                let first = try #require(try quarantine.entries(filter { $0.reason = "rejected" }).first)
                #expect(first.sqlState == "23514" && first.message.contains("small") && !first.message.contains("500"))
                #expect(try quarantine.discard(filter { $0.ids = [first.id] }, reason: "a typing error") == 1)
                try waitUntil("the next is applied") { try sync.rows("SELECT * FROM item") == ["1|7"] }
                try write("u", 1, 8, sync)
                try waitUntil("the key is free") { try sync.rows("SELECT * FROM item") == ["1|8"] }
            }
            #expect(try sync.sums() == [3, 2, 0, 0, 1])
            let line = try sync.rows(
                "SELECT detail->>'why', correlation FROM tidegate.audit WHERE action = 'events-discarded'")
            #expect(line == ["a typing error|t.public.item[0]@0"])
        }
    }

    @Test func anEditedEventKeepsWhatCame() throws {
        try withItems { sync, quarantine in
            try sync.running { _ in
                try sync.writer.send("item", key: #"{"id":1}"#, value: "{not json")
                try write("u", 1, 7, sync)
                try waitFor(["{1}|undecodable|parked", "{1}|behind|parked"], sync)
                #expect(try quarantine.retry(filter { $0.key = ["1"] }) == 2)
                try waitUntil("it was tried") {
                    try quarantine.entries(QuarantineFilter()).allSatisfy { $0.attempts == 1 }
                }
                let event = sync.writer.event("c", "item", key: #"{"id":1}"#, after: #"{"id":1,"n":3}"#)
                let id = try #require(try quarantine.entries(QuarantineFilter()).first?.id)
                #expect(try quarantine.edit(id, value: event.value ?? "", reason: "cut off") == 2)
                try waitUntil("both are applied") { try sync.rows("SELECT * FROM item") == ["1|7"] }
                let content = try #require(
                    try quarantine.contents(filter { ($0.ids, $0.includesDone) = ([id], true) }).first)
                #expect(content.originalValue == "{not json" && content.eventValue == event.value)
                #expect(content.entry.isEdited && content.entry.state == "resolved")
            }
            #expect(try sync.sums() == [2, 1, 1, 0, 0])
        }
    }

    /// A known defect sets a row aside in the stream as in a load; once the source has mended it, the queue is applied.
    @Test func rowsWithAKnownDefectAreSetAside() throws {
        try withItems { sync, quarantine in
            try sync.running { _ in
                try write("c", 1, 13, sync)
                try write("c", 2, 2, sync)
                try waitFor(["{1}|unlucky|parked"], sync)
                try waitUntil("the other row is there") { try sync.rows("SELECT * FROM item") == ["2|2"] }
                try write("u", 1, 14, sync)
                try waitFor(["{1}|unlucky|parked", "{1}|behind|parked"], sync)
                #expect(try quarantine.retry(filter { $0.reason = "unlucky" }) == 2)
                try waitUntil("the mended row is there") { try sync.rows("SELECT * FROM item") == ["2|2", "1|14"] }
            }
            #expect(try sync.sums() == [3, 2, 1, 0, 0])
        }
    }

    /// A delete of what the target owns stays refused, until ownership says otherwise.
    @Test func aRefusedDeleteIsJudgedAnew() throws {
        try withItems(ownership: "{ rules: [ { entity: items, fields: [n], owner: target } ] }") { sync, quarantine in
            try sync.running { _ in
                try write("c", 1, 1, sync)
                try waitUntil("the row is there") { try sync.value("SELECT count(*) FROM item") == "1" }
                try write("d", 1, 1, sync)
                try waitFor(["{1}|owned-by-target|parked"], sync)
                #expect(try quarantine.retry(filter { $0.key = ["1"] }) == 1)
                try waitUntil("it was tried") { try quarantine.entries(QuarantineFilter()).first?.attempts == 1 }
                try waitFor(["{1}|owned-by-target|parked"], sync)
                try Ownership(on: sync.targetSession).transfer(.entity("items", fields: []), to: .source, reason: "r")
                #expect(try quarantine.retry(filter { $0.key = ["1"] }) == 1)
                try waitUntil("the row is gone") { try sync.value("SELECT count(*) FROM item") == "0" }
            }
            #expect(try sync.sums() == [2, 2, 0, 0, 0])
        }
    }

    /// When most of what comes is rejected, it is not the rows: the entity stops, with nothing lost and nothing set aside.
    @Test func theCircuitBreakerStopsAnEntityAndNotTheOthers() throws {
        try withItems(limits: "{ lanes: 1, breaker_events: 20 }") { sync, quarantine in
            for id in 1...40 { try write("c", id, 500, sync) }
            try sync.running { service in
                try write("c", 1, 1, table: "other", sync)
                try waitUntil("the other entity goes on") { try sync.value("SELECT count(*) FROM other") == "1" }
                try waitUntil("the entity has stopped") { !service.reports[0].stopped.isEmpty }
                let stall = try #require(try Status(on: sync.targetSession).stalls.first)
                #expect(stall.state == "stopped" && stall.reason.contains("breaker") && stall.topic == "t.public.item")
                #expect(stall.nextOffset == nil || stall.nextOffset == 0)
                #expect(try quarantine.entries(QuarantineFilter()).isEmpty)
                try sync.targetSession.execute("ALTER TABLE item DROP CONSTRAINT small")
                try waitUntil("it goes on", within: .seconds(60)) {
                    try sync.value("SELECT count(*) FROM item") == "40"
                }
                try waitUntil("nothing is stopped") { try Status(on: sync.targetSession).stalls.isEmpty }
            }
            #expect(try sync.sums() == [41, 41, 0, 0, 0])
        }
    }

    /// A table that is gone, or a right, stops its entity; the others go on.
    @Test func a7WhatConcernsATableStopsItsEntityAlone() throws {
        try withItems { sync, _ in
            try sync.running { service in
                try write("c", 1, 1, sync)
                try waitUntil("a row is there") { try sync.value("SELECT count(*) FROM item") == "1" }
                try sync.targetSession.execute("ALTER TABLE item RENAME TO mislaid")
                try write("c", 2, 2, sync)
                try waitUntil("the entity has stopped") {
                    service.reports[0].stopped.values.contains { $0.contains("42P01") }
                }
                for id in 1...5 { try write("c", id, 1, table: "other", sync) }
                try waitUntil("the other goes on") { try sync.value("SELECT count(*) FROM other") == "5" }
                #expect(try Status(on: sync.targetSession).stalls.map(\.state) == ["stopped"])
                try write("c", 3, 3, sync)
                try sync.targetSession.execute("ALTER TABLE mislaid RENAME TO item")
                try waitUntil("it goes on", within: .seconds(60)) { try sync.value("SELECT count(*) FROM item") == "3" }
                try waitUntil("nothing is stopped") { service.reports[0].stopped.isEmpty }
            }
            #expect(try sync.sums() == [8, 8, 0, 0, 0])
            #expect(throws: Never.self) { try sync.applyAll() }
        }
    }
}
