import Foundation
import Ledger
import LibPQ
import Model
import Playbook
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
            ownership: Self.ownership, reverse: "reverse: { references: \(references) }", references: references
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

    /// A row that the source makes gets the target's own default for a field that is never seeded; that goes back.
    @Test func defaultsOfTheTargetGoBack() throws {
        let table = "(id bigint PRIMARY KEY, note text, credit int"
        try withTwoWays(
            sourceTables: "CREATE TABLE item \(table));",
            targetTables: "CREATE TABLE item \(table) NOT NULL DEFAULT 7)",
            entities: """
                  items:
                    from: item
                    into: item
                    fields: { id: id, note: note, credit: { from: credit, seed: never } }
                """, ownership: "  rules: [ { entity: items, fields: [credit], owner: target } ]"
        ) { sides in
            let (source, target) = (try sides.source.connect(), try sides.target.connect())
            try source.execute("INSERT INTO item VALUES (1, 'a', 100); UPDATE item SET note = 'b'")
            try sides.settle()
            for side in [source, target] { #expect(try rows(side, "SELECT * FROM item") == ["1|b|7"]) }
            #expect(try skipped(target, .echo) == 1)
        }
    }

    /// Ownership goes there and back while both sides' applications try to write the same field of the same rows. Each write
    /// that a guard let through adds one: in the end both sides have all of them.
    @Test func noWriteIsLostWhenOwnershipGoesThereAndBack() throws {
        try withShop(references: "replica") { sides, source, target in
            try seed(source)
            try sides.settle()
            for (side, session) in [(Side.source, source), (.target, target)] {
                _ = try Guard(side, on: session).install(
                    sides.forward.entities, in: Ownership(on: target).epoch(), mode: .reject, exemptRole: nil,
                    ownerSystem: "the other")
            }
            let writers = [
                Incrementer(
                    sides.source, "UPDATE customers SET credit_limit = credit_limit + 1, notes = NULL WHERE id = "),
                Incrementer(sides.target, "UPDATE crm.customer SET credit = credit + 1 WHERE id = "),
            ]
            for writer in writers { writer.start() }
            defer { for writer in writers { writer.stop() } }
            let transfer = GuardedTransfer(sides.forward, target: target, source: source)
            for round in 1...6 {
                let owner: Side = round % 2 == 1 ? .source : .target
                let drain = try sides.drain(owner == .source ? .reverse : .forward)
                _ = try transfer.run(.entity("customers", fields: ["credit"]), to: owner, reason: "round \(round)") {
                    let (from, to) = owner == .source ? (target, source) : (source, target)
                    return ["drained": "\(try drain.wait(source: from, ledger: to)?.description ?? "")"]
                }
                let writer = writers[owner == .source ? 0 : 1]
                let before = writer.accepted
                try waitUntil("the new owner writes") { writer.accepted > before + 30 }
            }
            for writer in writers { writer.stop() }
            try sides.settle()
            let total = 20 * 100 + writers.reduce(0) { $0 + $1.accepted }
            #expect(try rows(source, "SELECT sum(credit_limit)::int FROM customers") == ["\(total)"])
            #expect(writers.allSatisfy { $0.refused > 0 })
            try expectEqual(source, target)
            #expect(try Ownership(on: source).epoch() == Ownership(on: target).epoch())
            #expect(try rows(target, "SELECT count(*) FROM tidegate.audit WHERE detail->>'drained' <> ''") == ["6"])
            for side in [source, target] {
                #expect(try rows(side, "SELECT count(*) FROM tidegate.audit WHERE action = 'violation'") == ["0"])
            }
        }
    }

    /// Whoever does not wait for the losing side's flow, or waits in vain, changes nothing.
    @Test func aTransferThatCannotDrainChangesNothing() throws {
        try withShop { sides, source, target in
            let transfer = GuardedTransfer(sides.forward, target: target, source: source)
            let drain = FlowDrain(
                .forward, topics: sides.forward.topics, slots: ["no_such_slot"], limit: .milliseconds(50),
                logEnds: { _ in [:] })
            let error = #expect(throws: SyncError.self) {
                _ = try transfer.run(.entity("customers", fields: ["notes"]), to: .target, reason: "r") {
                    _ = try drain.wait(source: source, ledger: target)
                    return [:]
                }
            }
            #expect(error?.code == .notDrained && error?.message.contains("no_such_slot") == true)
            let epochs = try [source, target].map { try Ownership(on: $0).epoch().number }
            #expect(epochs == [0, 0])
        }
    }
}

/// An application that adds one to a column of one row after the other, and counts what it was let do.
private final class Incrementer: Sendable {
    private let database: TestDatabase
    private let update: String
    private let counts = Mutex((accepted: 0, refused: 0))
    private let isStopping = Atomic<Bool>(false)
    private let ended = DispatchGroup()

    init(_ database: TestDatabase, _ update: String) {
        self.database = database
        self.update = update
    }

    var accepted: Int { counts.withLock { $0.accepted } }
    var refused: Int { counts.withLock { $0.refused } }

    func start() {
        ended.enter()
        Thread { [self] in
            defer { ended.leave() }
            guard let session = try? database.connect() else { return }
            var id = 0
            while !isStopping.load(ordering: .relaxed) {
                id = id % 20 + 1
                do {
                    try session.execute("\(update)\(id)")
                    counts.withLock { $0.accepted += 1 }
                } catch {
                    counts.withLock { $0.refused += 1 }
                }
                Thread.sleep(forTimeInterval: 0.002)
            }
        }.start()
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        ended.wait()
    }
}
