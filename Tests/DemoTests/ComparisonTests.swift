import LibPQ
import TestSupport
import Testing

@testable import Demo

@Suite struct ComparisonTests {
    /// Seeds a small shop and copies it to the target with the mapping written as SQL.
    private func withShop(_ body: (_ source: Connection, _ target: Connection) throws -> Void) throws {
        try withDatabases { sourceDatabase, targetDatabase in
            let source = try sourceDatabase.connect()
            let target = try targetDatabase.connect()
            try source.execute(DemoText.sourceSchema.text)
            try source.execute(DemoText.seed.filled(["customers": "200"]))
            try target.execute(DemoText.targetSchema.text)
            try target.execute("SET session_replication_role = replica")
            for table in ComparedTable.all {
                let columns = table.name == "customers" ? "\(table.target) (\(table.targetColumns))" : table.target
                try target.copyIn("COPY \(columns) FROM STDIN") { writer in
                    try source.copyOut("COPY (SELECT \(table.sourceColumns) FROM \(table.source)) TO STDOUT") {
                        try writer.write($0)
                    }
                }
            }
            try body(source, target)
        }
    }

    @Test func anExactCopyIsIdentical() throws {
        try withShop { source, target in
            let outcomes = try Comparison.run(source: source, target: target)
            let rows = outcomes.reduce(0) { $0 + $1.rows }
            #expect(outcomes.allSatisfy { $0.isIdentical })
            #expect(outcomes.map(\.table) == ComparedTable.all.map(\.name))
            #expect(rows > 1500)
        }
    }

    @Test func everyKindOfDifferenceIsFoundByKey() throws {
        try withShop { source, target in
            try target.execute("UPDATE crm.customer SET score = score + 1e-12 WHERE id = 4")
            try target.execute("DELETE FROM crm.orders WHERE id = 17")
            try target.execute("INSERT INTO crm.order_line VALUES (999999, 1, 'x', 1, 1, NULL)")
            try target.execute(
                "UPDATE crm.attachment SET content = set_bit(content, 5, 1 - get_bit(content, 5))"
                    + " WHERE ctid = (SELECT min(ctid) FROM crm.attachment)")
            let outcomes = try Comparison.run(source: source, target: target)
            #expect(outcomes[0].different == 1 && outcomes[0].examples == ["different: 4"])
            #expect(outcomes[1].missing == 1 && outcomes[1].examples == ["missing in the target: 17"])
            #expect(outcomes[2].unexpected == 1 && outcomes[2].examples == ["only in the target: 999999/1"])
            #expect(outcomes[3].isIdentical)
            #expect(outcomes[4].different == 1)
        }
    }

    @Test func everyActionOfTheWritersWorks() throws {
        try withShop { source, target in
            for orders in ["true", "region = 'US'"] {
                for action in WriteAction.allCases { try source.execute(action.sql(orders: orders)) }
            }
            for action in CRMAction.allCases { try target.execute(action.sql) }
        }
    }
}
