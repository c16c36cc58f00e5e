import Ledger
import LibPQ
import TestSupport
import Testing

/// What happens when the source's tables change under a running migration.
@Suite(.serialized) struct DriftTests {
    /// A change of the source's table `item`, and what follows from it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let ddl: String
        /// Writes of the new shape.
        let writes: String
        /// How the change is told.
        let change: String
        /// Whether the events show it.
        let isVisible: Bool
        /// What a person does in the target, beside what is proposed.
        var byHand = ""
        /// What is proposed for the target.
        var statements: [String] = []
        /// Without a policy it is only told.
        var isHarmless = false
        /// What is compared in the target, where it keeps more than the source.
        var compared = "to_jsonb(t)"
        /// Events that do not fit when it goes on.
        var setAside = 0
        /// Rows of `item` in the target when it goes on in spite of the change.
        let goingOn: [String]

        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "added nullable", ddl: "ALTER TABLE item ADD COLUMN extra text",
            writes: "UPDATE item SET extra = 'e1' WHERE id = 1; INSERT INTO item VALUES (4, 'd', 4, 'n4', 'e4')",
            change: "added: extra text", isVisible: true,
            statements: [#"ALTER TABLE "public"."item" ADD COLUMN "extra" text;"#], isHarmless: true,
            goingOn: ["1|a|1|n1", "2|b|2|n2", "3|c|3|n3", "4|d|4|n4"]),
        Case(
            name: "added not null", ddl: "ALTER TABLE item ADD COLUMN status text NOT NULL DEFAULT 'fresh'",
            writes: "UPDATE item SET status = 'old' WHERE id = 1; INSERT INTO item VALUES (4, 'd', 4, 'n4')",
            change: "added: status text not null", isVisible: true,
            statements: [
                #"ALTER TABLE "public"."item" ADD COLUMN "status" text DEFAULT 'fresh'::text NOT NULL;"#
            ], goingOn: ["1|a|1|n1", "2|b|2|n2", "3|c|3|n3", "4|d|4|n4"]),
        Case(
            name: "dropped", ddl: "ALTER TABLE item DROP COLUMN note",
            writes: "UPDATE item SET n = 10 WHERE id = 1; INSERT INTO item VALUES (4, 'd', 4)",
            change: "dropped: note text", isVisible: true, compared: "to_jsonb(t) - 'note'",
            goingOn: ["1|a|10|n1", "2|b|2|n2", "3|c|3|n3", "4|d|4|-"]),
        Case(
            name: "renamed", ddl: "ALTER TABLE item RENAME COLUMN name TO title",
            writes: "UPDATE item SET title = 'aa' WHERE id = 1; INSERT INTO item VALUES (4, 'd', 4, 'n4')",
            change: "renamed: name is now title, by its place in the table", isVisible: true,
            statements: [#"ALTER TABLE "public"."item" RENAME COLUMN "name" TO "title";"#],
            goingOn: ["1|a|1|n1", "2|b|2|n2", "3|c|3|n3", "4|-|4|n4"]),
        Case(
            name: "retyped", ddl: "ALTER TABLE item ALTER COLUMN n TYPE text USING n::text",
            writes: "UPDATE item SET n = 'ten' WHERE id = 1; INSERT INTO item VALUES (4, 'd', '4', 'n4')",
            change: "retyped: n was integer, is now text", isVisible: false,
            statements: [#"ALTER TABLE "public"."item" ALTER COLUMN "n" TYPE text USING "n"::text;"#], setAside: 2,
            goingOn: ["1|a|1|n1", "2|b|2|n2", "3|c|3|n3"]),
        Case(
            name: "newly not null", ddl: "ALTER TABLE item ALTER COLUMN note SET NOT NULL",
            writes: "UPDATE item SET n = 10 WHERE id = 1; INSERT INTO item VALUES (4, 'd', 4, 'n4')",
            change: "newly not null: note", isVisible: false,
            statements: [#"ALTER TABLE "public"."item" ALTER COLUMN "note" SET NOT NULL;"#], isHarmless: true,
            goingOn: ["1|a|10|n1", "2|b|2|n2", "3|c|3|n3", "4|d|4|n4"]),
        Case(
            name: "key changed",
            ddl: "ALTER TABLE item DROP CONSTRAINT item_pkey; ALTER TABLE item ADD PRIMARY KEY (n)",
            writes: "UPDATE item SET name = 'aa' WHERE n = 1; INSERT INTO item VALUES (4, 'd', 4, 'n4')",
            change: "key changed: was (id), is now (n)", isVisible: false,
            byHand: "ALTER TABLE item DROP CONSTRAINT item_pkey",
            statements: [#"ALTER TABLE "public"."item" ADD UNIQUE ("n"); -- in place of its primary key"#],
            goingOn: ["1|aa|1|n1", "2|b|2|n2", "3|c|3|n3", "4|d|4|n4"]),
    ]

    private static let items = "SELECT id, name, n, note FROM item ORDER BY id"
    private static let drifts = """
        SELECT d.change, d.reaction FROM tidegate.drift d JOIN tidegate.entity e ON e.id = d.entity_id AND e.name = 'items'
        ORDER BY 1
        """

    private func begin(_ drift: DriftFixture) throws {
        try drift.write(
            """
            INSERT INTO item SELECT i, chr(96 + i), i, 'n' || i FROM generate_series(1, 3) AS i;
            INSERT INTO other VALUES (1, 1)
            """)
        try drift.expect(Self.items, ["1|a|1|n1", "2|b|2|n2", "3|c|3|n3"])
    }

    /// The change, told before the writes come where the events cannot tell it, and the other entity's event after all.
    private func change(_ it: Case, _ drift: DriftFixture, told reaction: String?) throws {
        try drift.write(it.ddl)
        // One transaction of the old shape, so to say: none can come any more.
        if !it.isVisible, let reaction { try drift.expect(Self.drifts, ["\(it.change)|\(reaction)"]) }
        try drift.write("\(it.writes); INSERT INTO other VALUES (2, 2)")
        try drift.expect("SELECT * FROM other ORDER BY id", ["1|1", "2|2"])
    }

    private func expectSums(_ drift: DriftFixture, quarantined: Int = 0, skipped: Int = 0) throws {
        try drift.expect(
            """
            SELECT sum(consumed) = sum(applied) + sum(superseded) + sum(skipped) + sum(quarantined), sum(quarantined),
                sum(skipped) FROM tidegate.checkpoint
            """, ["t|\(quarantined)|\(skipped)"])
    }

    @Test("A19: an entity pauses before the first event of another shape, and goes on exactly there", arguments: cases)
    func a19Pause(_ it: Case) throws {
        try withContract(items: "key: [id], fields: same, drift: pause") { drift in
            try begin(drift)
            try change(it, drift, told: "pause")
            try drift.expect(
                "SELECT DISTINCT state FROM tidegate.stall WHERE reason LIKE '%no longer keeps to its contract%'",
                ["stopped"])
            #expect(try drift.rows(Self.drifts) == ["\(it.change)|pause"])
            #expect(try drift.rows(Self.items) == ["1|a|1|n1", "2|b|2|n2", "3|c|3|n3"])
            let found = try Contracts(on: drift.target.connect()).drifts()
            #expect(
                found.map(\.statements) == [it.statements]
                    && found.allSatisfy { !$0.playbook.isEmpty || !$0.statements.isEmpty })
            // Another event of the entity waits, of the other one does not.
            try drift.write("DELETE FROM item WHERE id = 2; INSERT INTO other VALUES (3, 3)")
            try drift.expect("SELECT count(*) FROM other", ["3"])
            #expect(try drift.rows("SELECT count(*) FROM item") == ["3"])
            // What is proposed is done, and the source accepted as it is.
            for statement in [it.byHand] + it.statements where !statement.isEmpty {
                try drift.target.connect().execute(statement)
            }
            let key = it.name == "key changed" ? "n" : "id"
            try drift.accept(items: "key: [\(key)], fields: same, drift: pause")
            let all = "FROM item t ORDER BY t.id"
            try drift.expectEqual("SELECT to_jsonb(t) \(all)", target: "SELECT \(it.compared) \(all)")
            #expect(try drift.rows("SELECT count(*) FROM item") == ["3"])
            try drift.expect("SELECT count(*) FROM tidegate.stall", ["0"])
            #expect(try drift.rows(Self.drifts).isEmpty)
            // The tombstone behind the delete.
            try expectSums(drift, skipped: 1)
            #expect(
                try drift.rows("SELECT max(version), min(length(fingerprint)) FROM tidegate.contract") == ["2|64"])
        }
    }

    @Test("A19: by policy a change is only told, and the stream goes on", arguments: cases)
    func a19Alert(_ it: Case) throws {
        try withContract(items: "key: [id], fields: same, drift: alert") { drift in
            try begin(drift)
            try change(it, drift, told: "alert")
            try drift.expect(Self.items, it.goingOn)
            try drift.expect(Self.drifts, ["\(it.change)|alert"])
            #expect(try drift.rows("SELECT count(*) FROM tidegate.stall") == ["0"])
            let told = "SELECT count(*), min(detail->>'change') FROM tidegate.audit WHERE action = 'contract-broken'"
            #expect(try drift.rows(told) == ["1|\(it.change)"])
            try expectSums(drift, quarantined: it.setAside)
        }
    }

    @Test("A19: by policy a change is ignored", arguments: cases)
    func a19Ignore(_ it: Case) throws {
        try withContract(items: "key: [id], fields: same, drift: ignore") { drift in
            try begin(drift)
            try change(it, drift, told: nil)
            try drift.expect(Self.items, it.goingOn)
            #expect(try drift.rows(Self.drifts).isEmpty)
            try expectSums(drift, quarantined: it.setAside)
        }
    }

    @Test("A19: without a policy what may cost values pauses, and the rest is told", arguments: [cases[0], cases[2]])
    func a19Default(_ it: Case) throws {
        try withContract { drift in
            try begin(drift)
            try change(it, drift, told: it.isHarmless ? "alert" : "pause")
            try drift.expect(Self.drifts, ["\(it.change)|\(it.isHarmless ? "alert" : "pause")"])
            if it.isHarmless {
                try drift.expect(Self.items, it.goingOn)
            } else {
                try drift.expect("SELECT count(*) > 0 FROM tidegate.stall WHERE state = 'stopped'", ["t"])
                #expect(try drift.rows(Self.items) == ["1|a|1|n1", "2|b|2|n2", "3|c|3|n3"])
            }
        }
    }

    @Test(
        "A19: a dropped table is told and stops nothing else; the playbook without it goes on",
        arguments: ["alert", "pause", "ignore"])
    func a19TableDropped(_ policy: String) throws {
        try withContract(items: "key: [id], fields: same, drift: \(policy)") { drift in
            try begin(drift)
            try drift.write("DROP TABLE item; INSERT INTO other VALUES (2, 2)")
            try drift.expect("SELECT * FROM other ORDER BY id", ["1|1", "2|2"])
            let change = "table dropped: public.item is not there any more, or has another name"
            if policy == "ignore" {
                #expect(try drift.rows(Self.drifts).isEmpty)
            } else {
                try drift.expect(Self.drifts, ["\(change)|\(policy)"])
            }
            try drift.accept(items: "")
            try drift.write("INSERT INTO other VALUES (3, 3)")
            try drift.expect("SELECT count(*) FROM other", ["3"])
            #expect(try drift.rows("SELECT count(*) FROM item") == ["3"])
            try expectSums(drift)
        }
    }

    /// The first event that shows nothing comes before anybody has looked at the catalog: its value does not fit.
    @Test func a19ARejectedValueMakesTheLaneLookBeforeItSetsTheRowAside() throws {
        try withContract(interval: .seconds(3600)) { drift in
            try begin(drift)
            try drift.write(
                """
                ALTER TABLE item ALTER COLUMN n TYPE text USING n::text;
                UPDATE item SET n = 'ten' WHERE id = 1; INSERT INTO other VALUES (2, 2)
                """)
            try drift.expect(Self.drifts, ["retyped: n was integer, is now text|pause"])
            try drift.expect("SELECT count(*) > 0 FROM tidegate.stall WHERE state = 'stopped'", ["t"])
            #expect(try drift.rows("SELECT count(*) FROM tidegate.quarantine") == ["0"])
            try drift.target.connect().execute("ALTER TABLE item ALTER COLUMN n TYPE text USING n::text")
            try drift.accept(items: "key: [id], fields: same")
            try drift.expectEqual("SELECT * FROM item ORDER BY id")
            try expectSums(drift)
        }
    }

    /// A change that was taken back leaves nothing behind.
    @Test func aChangeThatWasTakenBackLetsTheEntityGoOn() throws {
        try withContract(items: "key: [id], fields: same, drift: pause") { drift in
            try begin(drift)
            try drift.write("ALTER TABLE item ALTER COLUMN n TYPE bigint")
            try drift.expect(Self.drifts, ["retyped: n was integer, is now bigint|pause"])
            try drift.write("UPDATE item SET n = 11 WHERE id = 1")
            try drift.expect("SELECT count(*) > 0 FROM tidegate.stall WHERE state = 'stopped'", ["t"])
            try drift.write("ALTER TABLE item ALTER COLUMN n TYPE int")
            try drift.expectEqual("SELECT * FROM item ORDER BY id")
            try drift.expect("SELECT count(*) FROM tidegate.drift", ["0"])
            try drift.expect("SELECT count(*) FROM tidegate.stall", ["0"])
            try expectSums(drift)
        }
    }
}
