import Ledger
import LibPQ
import Model
import TestSupport
import Testing

/// What the target owns is never written by the source's changes.
@Suite(.serialized) struct OwnershipApplyTests {
    private let table = "CREATE TABLE item (id bigint PRIMARY KEY, region text, note text, price int)"
    private let entities = "  items: { from: public.item, into: public.item, key: [id], fields: same }"

    private func withItems(
        _ ownership: String, partitions: Int = 2, references: String = "replica", _ body: (SyncFixture) throws -> Void
    ) throws {
        try withSync { source, target, broker in
            try body(
                try SyncFixture(
                    source, target, broker, tables: table, entities: entities, topics: ["item": partitions],
                    references: references, ownership: ownership))
        }
    }

    private func row(_ id: Int, _ region: String, _ note: String, _ price: Int) -> String {
        #"{"id":\#(id),"region":"\#(region)","note":"\#(note)","price":\#(price)}"#
    }

    private func write(
        _ sync: SyncFixture, _ operation: String, _ id: Int, _ region: String = "", _ note: String = "",
        _ price: Int = 0
    ) throws {
        let image = row(id, region, note, price)
        try sync.writer.write(
            operation, "item", key: #"{"id":\#(id)}"#, before: operation == "d" ? image : nil,
            after: operation == "d" ? nil : image)
    }

    private func suppressed(_ sync: SyncFixture) throws -> [String: Int] {
        try (Ownership(on: sync.targetSession).suppressed()["items"] ?? [:]).mapValues(\.writes)
    }

    /// A23: columns that the source does not own stay as they are, in inserts as declared, in updates always.
    @Test(arguments: ["replica", "wait"]) func a23FieldsOfTheTargetStay(references: String) throws {
        let rules = "{ rules: [ { entity: items, fields: [price], owner: target } ] }"
        try withItems(rules, references: references) { sync in
            try write(sync, "c", 1, "EU", "new", 10)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|EU|new|10"])
            try sync.targetSession.execute("UPDATE item SET price = 99")
            try write(sync, "u", 1, "US", "changed", 11)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|US|changed|99"])
            #expect(try suppressed(sync) == ["price": 1])
            #expect(try sync.sums() == [2, 2, 0, 0, 0])
        }
    }

    @Test(arguments: ["replica", "wait"]) func rowsOfTheTargetAreNotTouched(references: String) throws {
        let rules = "{ rules: [ { entity: items, where: \"region = 'EU'\", owner: target } ] }"
        try withItems(rules, references: references) { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'EU', 'theirs', 1), (2, 'US', 'ours', 2)")
            try write(sync, "u", 1, "EU", "wrong", 9)
            try write(sync, "u", 2, "US", "right", 9)
            try write(sync, "c", 3, "EU", "wrong", 9)
            try write(sync, "c", 4, "US", "right", 9)
            try sync.applyAll()
            #expect(
                try sync.rows("SELECT * FROM item ORDER BY id") == ["1|EU|theirs|1", "2|US|right|9", "4|US|right|9"])
            // Neither into what the target owns nor out of it.
            try write(sync, "u", 2, "EU", "moved", 8)
            try write(sync, "u", 1, "US", "moved", 8)
            try sync.applyAll()
            #expect(
                try sync.rows("SELECT * FROM item ORDER BY id") == ["1|EU|theirs|1", "2|US|right|9", "4|US|right|9"])
            #expect(try sync.sums() == [6, 2, 0, 4, 0])
            #expect(
                try sync.rows("SELECT reason, sum(events) FROM tidegate.skip_count GROUP BY 1") == ["not-owned|4"])
        }
    }

    @Test func deletesOfWhatTheTargetOwnsAreRefusedOrDetached() throws {
        for policy in ["refuse", "detach"] {
            let rules = "{ deletes: \(policy), rules: [ { entity: items, where: \"region = 'EU'\", owner: target } ] }"
            try withItems(rules, partitions: 1) { sync in
                try sync.targetSession.execute("INSERT INTO item VALUES (1, 'EU', 'theirs', 1), (2, 'US', 'ours', 2)")
                try write(sync, "d", 1)
                try write(sync, "d", 2)
                try sync.applyAll()
                #expect(try sync.rows("SELECT id FROM item") == ["1"])
                let reasons = try sync.rows("SELECT reason, key::text FROM tidegate.quarantine")
                #expect(reasons == (policy == "refuse" ? ["owned-by-target|{1}"] : []))
                #expect(try sync.sums() == (policy == "refuse" ? [2, 1, 0, 0, 1] : [2, 1, 0, 1, 0]))
                #expect(try suppressed(sync) == ["*": 1])
            }
        }
    }

    /// A row that is deleted and made again within a batch keeps what the target owns of it.
    @Test func aRowMadeAgainKeepsTheTargetsFields() throws {
        try withItems("{ rules: [ { entity: items, fields: [price], owner: target } ] }", partitions: 1) { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'EU', 'old', 50)")
            try write(sync, "d", 1)
            try write(sync, "c", 1, "US", "again", 1)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|US|again|50"])
            #expect(try sync.sums() == [2, 1, 1, 0, 0])
        }
    }

    @Test func aKeyChangeTakesTheTargetsFieldsAlong() throws {
        try withItems("{ rules: [ { entity: items, fields: [price], owner: target } ] }") { sync in
            try sync.targetSession.execute("INSERT INTO item VALUES (1, 'EU', 'old', 50)")
            sync.writer.begin()
            let position = sync.writer.position + 8
            try sync.writer.write(
                "d", "item", key: #"{"id":1}"#, before: row(1, "EU", "old", 1), newKey: #"{"id":7}"#, at: position)
            try sync.writer.write(
                "c", "item", key: #"{"id":7}"#, after: row(7, "EU", "moved", 1), oldKey: #"{"id":1}"#, at: position)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["7|EU|moved|50"])
            #expect(try sync.sums() == [2, 2, 0, 0, 0])
        }
    }

    /// Where the event brings the old row, a change of what the target owns is told to the audit trail, each by itself; what
    /// only stands beside another change is none.
    @Test func violationsAreAttributed() throws {
        let rules = "{ rules: [ { entity: items, where: \"region = 'EU'\", fields: [note, price], owner: target } ] }"
        try withItems(rules, partitions: 1) { sync in
            for id in 1...3 { try write(sync, "c", id, id == 3 ? "US" : "EU", "n", 0) }
            try sync.applyAll()
            func update(_ id: Int, _ region: String, _ old: (String, Int), _ new: (String, Int), hasOld: Bool = true)
                throws
            {
                sync.writer.begin(transaction: 700 + id)
                try sync.writer.write(
                    "u", "item", key: #"{"id":\#(id)}"#, before: hasOld ? row(id, region, old.0, old.1) : nil,
                    after: row(id, region, new.0, new.1), millis: 1_700_000_000_123)
            }
            try update(1, "EU", ("n", 0), ("other", 0))
            try update(1, "EU", ("other", 0), ("third", 5))
            try update(2, "EU", ("n", 0), ("unseen", 0), hasOld: false)
            try update(3, "US", ("n", 0), ("allowed", 1))
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item ORDER BY id") == ["1|EU|n|0", "2|EU|n|0", "3|US|allowed|1"])
            let found = try sync.rows(
                """
                SELECT subject, detail->>'fields', detail->>'transaction', detail->>'written', detail->>'side', correlation
                FROM tidegate.audit WHERE action = 'violation' ORDER BY seq
                """)
            #expect(
                found == [
                    "entity items, key (1)|note|701|2023-11-14T22:13:20.123Z|source|t.public.item[0]@3",
                    "entity items, key (1)|note, price|701|2023-11-14T22:13:20.123Z|source|t.public.item[0]@4",
                ])
            let counts = try Ownership(on: sync.targetSession).suppressed()["items"]
            #expect(counts?["note"]?.violations == 2)
            #expect(counts?["price"]?.violations == 1)
            #expect(try Audit(on: sync.targetSession).verify().description.hasPrefix("intact"))
        }
    }

    /// Where sessions may have no replication origin, the transactions of the opposite flow are known by their record.
    @Test func recordedTransactionsAreEchoes() throws {
        try withItems("{ rules: [ { entity: items, fields: [price], owner: target } ] }", partitions: 1) { sync in
            try write(sync, "c", 1, "EU", "n", 0)
            try sync.applyAll()
            try Migrations().apply(on: sync.sourceSession)
            func transaction(_ sql: String) throws -> Int {
                try sync.sourceSession.transaction {
                    try sync.sourceSession.execute(sql)
                    return Int(try sync.sourceSession.query("SELECT pg_current_xact_id()").scalar ?? "") ?? 0
                }
            }
            func update(_ transaction: Int, _ note: String, _ price: Int) throws {
                sync.writer.begin(transaction: transaction)
                try sync.writer.write(
                    "u", "item", key: #"{"id":1}"#, before: row(1, "EU", "n", 0), after: row(1, "EU", note, price))
            }
            try update(try transaction(AppliedTransactions.record), "echo", 7)
            try update(try transaction("SELECT 1"), "own", 0)
            try update(try transaction(AppliedTransactions.record), "echo", 8)
            try sync.applyAll()
            #expect(try sync.rows("SELECT * FROM item") == ["1|EU|own|0"])
            #expect(try sync.rows("SELECT reason, events FROM tidegate.skip_count") == ["echo|2"])
            #expect(try sync.value("SELECT count(*) FROM tidegate.audit WHERE action = 'violation'") == "0")
        }
    }

    /// What was written before a transfer may have been in order then.
    @Test func whatWasWrittenBeforeATransferIsNoViolation() throws {
        try withItems("{ default: source }", partitions: 1) { sync in
            try write(sync, "c", 1, "EU", "n", 0)
            try sync.applyAll()
            let end = LSN(rawValue: UInt64(sync.writer.position + 12))
            try Ownership(on: sync.targetSession).transfer(
                .entity("items", fields: ["price"]), to: .target, reason: "test", sourceEnd: { end })
            for price in 1...2 {
                try sync.writer.write(
                    "u", "item", key: #"{"id":1}"#, before: row(1, "EU", "n", price - 1),
                    after: row(1, "EU", "n", price))
            }
            try sync.applyAll()
            #expect(try sync.rows("SELECT price FROM item") == ["0"])
            #expect(try sync.value("SELECT count(*) FROM tidegate.audit WHERE action = 'violation'") == "1")
        }
    }

    @Test func aTransferHoldsFromItsCommitOn() throws {
        try withItems("{ default: source }", partitions: 4) { sync in
            for id in 1...20 { try write(sync, "c", id, "EU", "n", 0) }
            try sync.writer.flush()
            try sync.running { _ in
                try waitUntil("the rows are there") { try sync.value("SELECT count(*) FROM item") == "20" }
                for round in 1...40 {
                    for id in 1...20 { try write(sync, "u", id, "EU", "n\(round)", round) }
                    try sync.writer.flush()
                    guard round == 20 else { continue }
                    try waitUntil("changes are applied") {
                        try sync.value("SELECT count(*) FROM item WHERE price > 0") != "0"
                    }
                    try Ownership(on: sync.targetSession).transfer(
                        .entity("items", fields: ["price"]), to: .target, reason: "test")
                    // From here on nobody but the target's application writes it.
                    try sync.targetSession.execute("UPDATE item SET price = -1")
                }
                try waitUntil("everything is applied") {
                    try sync.value("SELECT count(*) FROM item WHERE note = 'n40'") == "20"
                }
            }
            #expect(try sync.value("SELECT string_agg(DISTINCT price::text, ',') FROM item") == "-1")
            let sums = try sync.sums()
            #expect(sums[0] == 820 && sums[0] == sums[1] + sums[2] && sums[4] == 0)
        }
    }
}
