import Ledger
import LibPQ
import Model
import Playbook
import Sync
import TestSupport
import Testing

/// Triggers that keep each side's applications from writing what the other side owns.
@Suite struct GuardTests {
    private let tables = """
        CREATE TABLE customers (id int PRIMARY KEY, name text, credit_limit numeric);
        CREATE TABLE orders (id int PRIMARY KEY, region text, note text);
        INSERT INTO customers VALUES (1, 'a', 10), (2, 'b', 20);
        INSERT INTO orders VALUES (1, 'EU', 'x'), (2, 'US', 'y')
        """
    private let text = """
        playbook: t
        target: { postgres: x }
        entities:
          customers: { from: customers, into: customers, key: [id], fields: same }
          orders: { from: orders, into: orders, key: [id], fields: same }
        ownership:
          rules:
            - { entity: customers, fields: [credit_limit], owner: target }
            - { entity: orders, where: "region = 'EU'", owner: target }
        """

    /// Installs guards on both sides; `body` gets an application's sessions.
    private func withGuards(
        _ mode: GuardMode, tables: String? = nil, text: String? = nil, exempt: String? = nil,
        _ body: (_ source: Connection, _ target: Connection, CompiledPlaybook) throws -> Void
    ) throws {
        try withDatabases { sourceDatabase, targetDatabase in
            let (source, target) = (try sourceDatabase.connect(), try targetDatabase.connect())
            for session in [source, target] { try session.execute(tables ?? self.tables) }
            let playbook = try CompiledPlaybook.compile(
                Playbook(parsing: text ?? self.text, file: "t.yaml"), source: source, target: target)
            for (side, session) in [(Side.source, source), (.target, target)] {
                _ = try Guard(side, on: session).install(
                    playbook.entities, in: OwnershipEpoch(number: 3), mode: mode, exemptRole: exempt,
                    ownerSystem: side == .source ? "crm" : "shop")
            }
            try body(source, target, playbook)
        }
    }

    private func expectRefused(_ session: Connection, _ sql: String, _ words: String...) {
        let error = #expect(throws: PostgresError.self, "\(sql)") { try session.execute(sql) }
        #expect(error?.sqlState?.rawValue == Guard.sqlState, "\(sql): \(String(reflecting: error))")
        for word in words { #expect(error.map { String(reflecting: $0) }?.contains(word) == true, "\(sql): \(word)") }
    }

    @Test func fieldsOfTheOtherSideAreRefusedWithTheirOwner() throws {
        try withGuards(.reject) { source, target, _ in
            expectRefused(
                source, "UPDATE customers SET credit_limit = 11 WHERE id = 1", "credit_limit of customers",
                "belongs to the target (crm) in epoch 3")
            try source.execute("UPDATE customers SET name = 'c' WHERE id = 1")
            try source.execute("UPDATE customers SET credit_limit = 10, name = 'd' WHERE id = 1")
            expectRefused(target, "UPDATE customers SET name = 'c' WHERE id = 1", "name of customers", "source (shop)")
            try target.execute("UPDATE customers SET credit_limit = 11 WHERE id = 1")
            expectRefused(target, "INSERT INTO customers VALUES (3, 'n', 1)", "the row of customers")
            expectRefused(target, "DELETE FROM customers WHERE id = 2", "the row of customers")
            try source.execute("INSERT INTO customers VALUES (3, 'n', 1)")
        }
    }

    @Test func rowsOfTheOtherSideAreRefused() throws {
        try withGuards(.reject) { source, target, _ in
            expectRefused(source, "UPDATE orders SET note = 'z' WHERE id = 1", "note of orders")
            try source.execute("UPDATE orders SET note = 'z' WHERE id = 2")
            expectRefused(source, "UPDATE orders SET region = 'US' WHERE id = 1", "region of orders")
            expectRefused(source, "UPDATE orders SET region = 'EU' WHERE id = 2", "region of orders")
            expectRefused(source, "INSERT INTO orders VALUES (3, 'EU', 'n')", "the row of orders")
            try source.execute("INSERT INTO orders VALUES (3, 'US', 'n'), (4, NULL, 'n')")
            expectRefused(source, "DELETE FROM orders WHERE id = 1", "the row of orders")
            try source.execute("DELETE FROM orders WHERE id = 2")
            expectRefused(target, "UPDATE orders SET note = 'z' WHERE id = 2")
            try target.execute("UPDATE orders SET note = 'z' WHERE id = 1")
            try target.execute("INSERT INTO orders VALUES (5, 'EU', 'n')")
        }
    }

    @Test func copiesUpsertsAndTruncatesAreGuarded() throws {
        try withGuards(.reject) { source, target, _ in
            let upsert = "INSERT INTO customers VALUES (1, 'a', $) ON CONFLICT (id) DO UPDATE SET credit_limit ="
            expectRefused(source, upsert.replacing("$", with: "5") + " EXCLUDED.credit_limit")
            // The row that the insert proposes is not what is written.
            try target.execute(upsert.replacing("$", with: "5") + " EXCLUDED.credit_limit")
            #expect(throws: PostgresError.self) {
                try source.copyIn("COPY orders FROM STDIN") { try $0.write(Array("9\tEU\tn\n".utf8)) }
            }
            try source.copyIn("COPY orders FROM STDIN") { try $0.write(Array("9\tUS\tn\n".utf8)) }
            expectRefused(source, "TRUNCATE orders", "the row of orders")
            expectRefused(target, "TRUNCATE customers")
        }
    }

    @Test func partitionsAreGuardedWithTheirTable() throws {
        let tables = """
            CREATE TABLE orders (id int, region text, note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
            CREATE TABLE orders_eu PARTITION OF orders FOR VALUES IN ('EU');
            CREATE TABLE orders_us PARTITION OF orders FOR VALUES IN ('US');
            INSERT INTO orders VALUES (1, 'EU', 'x'), (2, 'US', 'y')
            """
        let text = """
            playbook: t
            target: { postgres: x }
            entities:
              orders: { from: orders, into: orders, key: [id, region], fields: same }
            ownership: { rules: [ { entity: orders, where: "region = 'EU'", owner: target } ] }
            """
        try withGuards(.reject, tables: tables, text: text) { source, _, _ in
            expectRefused(source, "UPDATE orders_eu SET note = 'z'")
            expectRefused(source, "INSERT INTO orders_eu VALUES (3, 'EU', 'n')")
            expectRefused(source, "TRUNCATE orders_eu")
            try source.execute("UPDATE orders SET note = 'z' WHERE region = 'US'")
        }
    }

    @Test func whatAppliesIsExempt() throws {
        try withGuards(.reject, exempt: "mover") { source, _, _ in
            try source.execute("BEGIN; SET LOCAL session_replication_role = replica")
            try source.execute("UPDATE customers SET credit_limit = 99 WHERE id = 1")
            try source.execute("COMMIT")
            // Another name for the current user is no pretence: who logged in counts.
            try source.execute(
                """
                DO $$ BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mover') THEN CREATE ROLE mover; END IF;
                END $$;
                GRANT ALL ON customers TO mover; SET ROLE mover
                """)
            expectRefused(source, "UPDATE customers SET credit_limit = 98 WHERE id = 1")
            try source.execute("RESET ROLE; SET SESSION AUTHORIZATION mover")
            try source.execute("UPDATE customers SET credit_limit = 97 WHERE id = 1")
            try source.execute("RESET SESSION AUTHORIZATION; DROP OWNED BY mover")
        }
    }

    @Test func strayWritesAreRecordedWithWhoMadeThem() throws {
        try withGuards(.record) { source, _, playbook in
            try source.execute("SET application_name = 'till 7'; UPDATE customers SET credit_limit = 11 WHERE id = 2")
            try source.execute("DELETE FROM orders WHERE id = 1")
            let rows = try source.query(
                """
                SELECT role = session_user, application, client IS NOT NULL, table_name, operation, key, columns, epoch
                FROM tidegate.stray_write ORDER BY id
                """
            ).rows.map { row in (0..<8).map { row[$0] ?? "-" }.joined(separator: "|") }
            #expect(
                rows == [
                    "t|till 7|t|public.customers|UPDATE|{2}|{credit_limit}|3",
                    "t|till 7|t|public.orders|DELETE|{1}|{}|3",
                ])
            let states = try Guard(.source, on: source).states()
            #expect(states.map(\.entity) == ["customers", "orders"] && states.map(\.strayWrites) == [1, 1])
            #expect(states.allSatisfy { $0.mode == "record" && $0.epoch == 3 })
            try Guard(.source, on: source).remove(playbook.entities)
            try source.execute("UPDATE customers SET credit_limit = 12 WHERE id = 2; TRUNCATE orders")
            #expect(try Guard(.source, on: source).states().isEmpty)
        }
    }

    @Test func installingAgainReplaces() throws {
        try withGuards(.reject) { source, _, playbook in
            let everything = OwnershipEpoch(
                number: 4, transfers: [OwnershipTransfer(entity: "customers", fields: [], owner: .source)])
            let guarded = try Guard(.source, on: source).install(
                playbook.entities, in: everything, mode: .reject, exemptRole: nil, ownerSystem: "crm")
            #expect(guarded == ["orders"])
            try source.execute("UPDATE customers SET credit_limit = 11 WHERE id = 1")
            expectRefused(source, "DELETE FROM orders WHERE id = 1", "epoch 4")
        }
    }

    /// A transfer renews the guards of both sides, as they were installed.
    @Test func transfersRenewGuards() throws {
        try withGuards(
            .reject,
            text: text.replacing("target: { postgres: x }", with: "source: { postgres: x }\ntarget: { postgres: x }")
        ) { source, target, playbook in
            try Migrations().apply(on: target)
            _ = try Entities(on: target).register(playbook.entities.map(\.name))
            let transfer = GuardedTransfer(playbook, target: target, source: source)
            let (epoch, guarded) = try transfer.run(.entity("customers", fields: ["name"]), to: .target, reason: "r")
            #expect(epoch == 1 && guarded == [.source, .target])
            expectRefused(source, "UPDATE customers SET name = 'c'", "name of customers", "target (crm) in epoch 1")
            try target.execute("UPDATE customers SET name = 'c' WHERE id = 1")
            for (side, session) in [(Side.source, source), (.target, target)] {
                #expect(try Guard(side, on: session).states().map(\.epoch) == [1, 1])
                #expect(try Ownership(on: session).epoch().number == 1)
            }
            _ = try transfer.run(.entity("customers", fields: ["name"]), to: .source, reason: "back")
            try source.execute("UPDATE customers SET name = 'd' WHERE id = 1")
            expectRefused(target, "UPDATE customers SET name = 'e'", "source (shop) in epoch 2")
            // What keeps a transfer from being made leaves the guards as they were.
            try target.execute("ALTER TABLE tidegate.ownership_transfer ADD CHECK (epoch < 3)")
            #expect(throws: PostgresError.self) {
                try transfer.run(.entity("customers", fields: ["name"]), to: .target, reason: "r")
            }
            try source.execute("UPDATE customers SET name = 'f' WHERE id = 1")
            #expect(try Ownership(on: source).epoch().number == 2)
        }
    }

    @Test func aGuardThatIsOffKeepsNobodyOut() throws {
        try withGuards(.reject) { source, target, playbook in
            for (side, session) in [(Side.source, source), (.target, target)] {
                _ = try Guard(side, on: session).install(
                    playbook.entities, in: OwnershipEpoch(number: 4), mode: .off, exemptRole: nil, ownerSystem: "")
                let states = try Guard(side, on: session).states()
                #expect(!states.isEmpty && states.allSatisfy { $0.mode == "off" && $0.epoch == 4 })
            }
            try source.execute("UPDATE customers SET credit_limit = 11; TRUNCATE orders")
            try target.execute("UPDATE customers SET name = 'c'; DELETE FROM orders")
            #expect(try source.query("SELECT count(*) FROM tidegate.stray_write").scalar == "0")
        }
    }
}
