import ChangeEvents
import LibPQ
import Model
import Playbook
import Testing

@Suite struct CompilingTests {
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
