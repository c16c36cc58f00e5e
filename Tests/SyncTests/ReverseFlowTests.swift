import Foundation
import Ledger
import LibPQ
import Model
import Sync
import Synchronization
import TestSupport
import Testing

/// What the target owns flows back, and nothing goes round in a circle.
@Suite(.serialized) struct ReverseFlowTests {
    private static let sourceTables = """
        CREATE TABLE customers (id bigint PRIMARY KEY, first_name text NOT NULL, email text, region text NOT NULL,
            credit_limit numeric(12,2), priority text NOT NULL, notes text);
        CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, region text NOT NULL,
            amount numeric(12,2), status text NOT NULL, created timestamp NOT NULL DEFAULT '2026-01-01');
        ALTER TABLE customers REPLICA IDENTITY FULL;
        ALTER TABLE orders REPLICA IDENTITY FULL
        """
    private static let targetTables = """
        CREATE SCHEMA crm;
        CREATE TABLE crm.customer (id bigint PRIMARY KEY, name text NOT NULL, email text, region text NOT NULL,
            credit numeric(12,2), tier int NOT NULL, notes text, loyalty int NOT NULL DEFAULT 0);
        CREATE TABLE crm.orders (order_id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES crm.customer,
            region text NOT NULL, amount numeric(12,2), state text NOT NULL);
        ALTER TABLE crm.customer REPLICA IDENTITY FULL;
        ALTER TABLE crm.orders REPLICA IDENTITY FULL
        """
    private static let entities = """
          customers:
            from: public.customers
            into: crm.customer
            key: [id]
            fields:
              id: id
              name: "first_name || '!'"
              email: { from: "lower(email)", reverse: email }
              region: region
              credit: credit_limit
              tier:
                from: "CASE priority WHEN 'gold' THEN 1 ELSE 2 END"
                reverse: "CASE tier WHEN 1 THEN 'gold' ELSE 'plain' END"
              notes: notes
          orders:
            from: public.orders
            into: crm.orders
            key: [order_id]
            fields:
              order_id: id
              customer_id: customer_id
              region: region
              amount: amount
              state: status
        """
    private static let ownership = """
          rules:
            - { entity: customers, fields: [credit, tier], owner: target }
            - { entity: orders, where: "region = 'EU'", owner: target }
        """

    private func withShop(references: String = "wait", _ body: (TwoWayFixture, Connection, Connection) throws -> Void)
        throws
    {
        try withTwoWays(
            sourceTables: Self.sourceTables, targetTables: Self.targetTables, entities: Self.entities,
            ownership: Self.ownership, references: references
        ) { sides in try body(sides, sides.source.connect(), sides.target.connect()) }
    }

    private func rows(_ connection: Connection, _ sql: String) throws -> [String] {
        let result = try connection.query(sql)
        return result.rows.map { row in (0..<result.columnCount).map { row[$0] ?? "-" }.joined(separator: "|") }
    }

    /// Everything that both sides have, in the source's words.
    private func expectEqual(_ source: Connection, _ target: Connection) throws {
        #expect(
            try rows(
                source,
                """
                SELECT id, first_name || '!', lower(email), region, credit_limit, priority = 'gold', notes
                FROM customers ORDER BY id
                """)
                == rows(
                    target, "SELECT id, name, email, region, credit, tier = 1, notes FROM crm.customer ORDER BY id"))
        #expect(
            try rows(source, "SELECT id, customer_id, region, amount, status FROM orders ORDER BY id")
                == rows(target, "SELECT order_id, customer_id, region, amount, state FROM crm.orders ORDER BY order_id")
        )
    }

    private func skipped(_ connection: Connection, _ reason: SkipReason) throws -> Int {
        Int(
            try connection.query(
                "SELECT coalesce(sum(events), 0) FROM tidegate.skip_count WHERE reason = $1", [.text(reason.rawValue)]
            ).scalar ?? "") ?? -1
    }

    private func seed(_ source: Connection) throws {
        try source.execute(
            """
            INSERT INTO customers SELECT i, 'name ' || i, 'Mail' || i || '@x', CASE i % 2 WHEN 0 THEN 'EU' ELSE 'US' END, 100,
                'plain', repeat('x', 10) FROM generate_series(1, 20) AS i;
            INSERT INTO orders SELECT i, i, 'US', i, 'new' FROM generate_series(1, 20) AS i
            """)
    }

    @Test func whatTheTargetOwnsFlowsBack() throws {
        try withShop { sides, source, target in
            try seed(source)
            try sides.settle()
            try target.execute("UPDATE crm.customer SET credit = 250.50, tier = 1, loyalty = 7 WHERE id = 3")
            try target.execute("INSERT INTO crm.orders VALUES (900, 3, 'EU', 12.5, 'new'), (901, 4, 'EU', 1, 'new')")
            try target.execute("UPDATE crm.orders SET state = 'paid' WHERE order_id = 900")
            try target.execute("DELETE FROM crm.orders WHERE order_id = 901")
            try sides.settle()
            #expect(
                try rows(source, "SELECT id, first_name, credit_limit, priority FROM customers WHERE id = 3")
                    == ["3|name 3|250.50|gold"])
            #expect(
                try rows(source, "SELECT * FROM orders WHERE id >= 900")
                    == ["900|3|EU|12.50|paid|2026-01-01 00:00:00"])
            try expectEqual(source, target)
            // The target's write to what the source owns stays where it was made.
            try target.execute("UPDATE crm.customer SET name = 'wrong' WHERE id = 5")
            try sides.settle()
            #expect(try rows(source, "SELECT first_name FROM customers WHERE id = 5") == ["name 5"])
            #expect(
                try rows(target, "SELECT name, loyalty FROM crm.customer WHERE id IN (3, 5) ORDER BY id") == [
                    "name 3!|7", "wrong|0",
                ])
        }
    }

    /// A24: ten rounds of writes on both sides, to the same rows, settle; what comes back is counted and not applied.
    @Test(arguments: ["wait", "replica"]) func a24WritesOnBothSidesSettle(references: String) throws {
        try withShop(references: references) { sides, source, target in
            try seed(source)
            try sides.settle()
            for round in 1...10 {
                let failure = Mutex<(any Error)?>(nil)
                let done = DispatchSemaphore(value: 0)
                let thread = Thread {
                    do {
                        let other = try sides.target.connect()
                        for id in 1...20 {
                            try other.execute(
                                """
                                UPDATE crm.customer SET credit = \(round * 1000 + id), tier = \(1 + (round + id) % 2) WHERE id = \(id);
                                INSERT INTO crm.orders VALUES (\(round * 1000 + id), \(id), 'EU', 1, 'new');
                                UPDATE crm.orders SET amount = amount + 1 WHERE region = 'EU' AND order_id % 7 = \(id % 7);
                                DELETE FROM crm.orders WHERE region = 'EU' AND order_id = \((round - 1) * 1000 + id)
                                """)
                        }
                    } catch { failure.withLock { $0 = error } }
                    done.signal()
                }
                thread.start()
                for id in 1...20 {
                    try source.execute(
                        """
                        UPDATE customers SET first_name = 'n\(round)', email = 'M\(round)@X', notes = repeat('\(round)', 5000)
                        WHERE id = \(id);
                        UPDATE orders SET status = 's\(round)' WHERE id = \(id) AND region = 'US';
                        INSERT INTO orders VALUES (\(round * 100_000 + id), \(id), 'US', \(round), 'new')
                        """)
                }
                done.wait()
                if let error = failure.withLock({ $0 }) { throw error }
            }
            try sides.settle()
            try expectEqual(source, target)
            let ends = [try sides.events(sides.forward), try sides.events(sides.reverse)]
            try sides.settle()
            #expect([try sides.events(sides.forward), try sides.events(sides.reverse)] == ends)
            #expect(try skipped(target, .echo) > 0)
            #expect(try skipped(source, .echo) > 0)
            for side in [source, target] {
                #expect(try rows(side, "SELECT flow, reason, message FROM tidegate.quarantine") == [])
                #expect(try rows(side, "SELECT field FROM tidegate.suppressed WHERE violations > 0") == [])
            }
        }
    }

    /// Ownership goes there and back; what either side writes while it owns is on both in the end.
    @Test func transfersTurnTheFlowRound() throws {
        try withShop { sides, source, target in
            try seed(source)
            try sides.settle()
            let transfer = GuardedTransfer(sides.forward, target: target, source: source)
            for round in 1...3 {
                _ = try transfer.run(.entity("customers", fields: ["credit"]), to: .source, reason: "back")
                try source.execute("UPDATE customers SET credit_limit = \(round) WHERE id <= 10")
                try sides.settle()
                #expect(try rows(target, "SELECT count(*) FROM crm.customer WHERE credit = \(round)") == ["10"])
                _ = try transfer.run(.entity("customers", fields: ["credit"]), to: .target, reason: "there")
                try target.execute("UPDATE crm.customer SET credit = \(round * 100) WHERE id <= 10")
                try sides.settle()
                #expect(
                    try rows(source, "SELECT count(*) FROM customers WHERE id <= 10 AND credit_limit = \(round * 100)")
                        == ["10"])
                try expectEqual(source, target)
            }
            #expect(try Ownership(on: source).epoch() == Ownership(on: target).epoch())
        }
    }
}
