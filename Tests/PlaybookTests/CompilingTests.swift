import ChangeEvents
import LibPQ
import Model
import Playbook
import Testing

@Suite struct CompilingTests {
    /// An application's locks and a server that goes down are no mistakes of the playbook.
    @Test(arguments: ["40P01", "55P03", "53100", "57P01"]) func troubleThatPassesIsNoFinding(state: String) throws {
        try ShopSchema.with { source, target in
            try target.execute(
                """
                CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '\(state)'; END $$;
                CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION refuse()
                """)
            let playbook = try Playbook(parsing: shopPlaybook, file: "shop.yaml")
            let error = #expect(throws: PlaybookError.self) {
                try CompiledPlaybook.compile(playbook, source: source, target: target)
            }
            #expect(error?.code == .database && error?.isRetriable == true && error?.findings.isEmpty == true)
        }
    }

    @Test func designsPlaybookCompiles() throws {
        try ShopSchema.with { source, target in
            let playbook = try Playbook(parsing: shopPlaybook, file: "shop.yaml")
            let compiled = try CompiledPlaybook.compile(playbook, source: source, target: target)
            #expect(compiled.entities.map(\.name) == ["customers", "orders"])
            #expect(compiled.hash.count == 64)
            let customers = try #require(compiled["customers"])
            #expect(customers.fields.map(\.column).first == "id")
            #expect(customers.sourceKey == [0])
            #expect(!customers.sourceColumns.contains { $0.name == "search" })
            let names = customers.sourceColumns.map(\.name)
            func dependencies(_ column: String) -> [String] {
                customers.fields.first { $0.column == column }?.dependencies.columns.map { names[$0] } ?? []
            }
            #expect(dependencies("full_name") == ["first_name", "last_name"])
            #expect(dependencies("tier_id") == ["tier"])
            #expect(dependencies("priority") == ["priority"])
            #expect(customers.quarantines.map(\.defect) == ["no-email"])
            let orders = try #require(compiled["orders"])
            #expect(orders.parents == ["customers"])
            #expect(orders.rank == 1)
            #expect(orders.fields.first { $0.column == "id" }?.isIdentityAlways == true)
            #expect(orders.isPlainCopy)
            #expect(orders.keyOrder == .strong)
        }
    }
}
