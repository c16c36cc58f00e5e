import LibPQ
import Model
import Planning
import TestSupport
import Testing

@Suite struct DependencyTests {
    private func with(_ body: (MigrationPlan) throws -> Void) throws {
        try Clinic.with { source, target in try body(Clinic.plan(waves: Clinic.goodWaves, source, target)) }
    }

    @Test func oneForeignKeyOnBothSidesIsOneDependency() throws {
        try with { plan in
            let edges = plan.dependencies.filter {
                $0.dependent == .entity("visits") && $0.parent == .entity("patients") && $0.kind == .foreignKey
            }
            #expect(edges.count == 1)
            #expect(edges.first?.sides == [.source, .target])
            #expect(edges.first?.columns == ["patient_id"])
        }
    }

    @Test func tablesThatNoEntityMapsAreInTheGraph() throws {
        try with { plan in
            let outside = plan.dependencies.filter { $0.parent == .entity("patients") }.map(\.dependent)
            #expect(outside.contains(.table(.source, TableName(schema: "old", name: "letters"))))
            #expect(outside.contains(.table(.target, TableName(schema: "new", name: "invoice"))))
            let needed = plan.dependencies.filter { $0.dependent == .entity("patients") }.map(\.parent)
            #expect(needed.contains(.table(.target, TableName(schema: "new", name: "plan"))))
        }
    }

    @Test func columnsThatLookLikeReferencesAreConfirmedByRows() throws {
        try Clinic.with { source, target in
            // Named after the table and of its key's type; but these values are nobody's keys.
            try source.execute(
                "ALTER TABLE old.bills ADD COLUMN patient_id bigint; UPDATE old.bills SET patient_id = -id")
            let waves = "waves: { all: { regions: all, patients: all, visits: all, bills: all } }"
            let plan = try Clinic.plan(waves: waves, source, target)
            let likely = plan.dependencies.filter { $0.kind == .likelyReference && $0.sides == [.source] }
            #expect(likely.map(\.columns) == [["visit_id"]])
            #expect(likely.first?.dependent == .entity("bills"))
            #expect(likely.first?.parent == .entity("visits"))
            #expect(likely.first?.evidence == "400 of 400 sampled values are keys of old.visits")
        }
    }

    @Test func whatDependsOnAnEntityIsFoundOnBothSides() throws {
        try with { plan in
            func names(_ entity: EntityName, _ kind: HiddenDependent.Kind) -> [String] {
                plan.entities.first { $0.name == entity }?.dependents.filter { $0.kind == kind }.map(\.name) ?? []
            }
            #expect(names("visits", .view) == ["old.due", "old.due_sum"])
            #expect(names("visits", .trigger) == ["visit_noted"])
            #expect(names("patients", .function) == ["old.note_visit"])
            #expect(names("bills", .function).isEmpty)
            #expect(names("patients", .publication) == ["outside"])
            #expect(names("patients", .policy) == ["own_letters"])
            #expect(names("bills", .materialisedView) == ["new.turnover"])
            #expect(names("patients", .referencingTable) == ["old.letters", "new.invoice"])
        }
    }

    @Test func aViewsOwnViewsSayThroughWhat() throws {
        try with { plan in
            let views = plan.entities.first { $0.name == "visits" }?.dependents.filter { $0.kind == .view } ?? []
            #expect(views.map(\.detail) == ["", "through due"])
        }
    }
}
