import LibPQ
import Model
import Planning
import Playbook
import TestSupport
import Testing

@Suite struct WaveTests {
    @Test func wavesThatCutNothingAreNotRefused() throws {
        try Clinic.with { source, target in
            let plan = try Clinic.plan(waves: Clinic.goodWaves, source, target)
            #expect(!plan.isRefused)
            #expect(plan.waves.map(\.name) == ["base", "north", "rest"])
            #expect(plan.waves[1].scopes.map(\.entity) == ["patients", "visits", "bills"])
        }
    }

    /// What the closure says is put into the playbook, and the plan made again.
    @Test(arguments: [
        // A parent that no wave takes, and what that needs in turn.
        ("{ patients: \"false\", visits: all }", ["regions": "all", "patients": "all"]),
        ("{ visits: \"id < 10\" }", ["regions": "all", "patients": "all"]),
        // Rows without their parent: the child follows it.
        ("{ regions: all, patients: \"id < 100\", visits: \"id < 500\" }", ["visits": "via patients on patient_id"]),
        // And what follows the child follows it still.
        (
            "{ regions: all, patients: \"id < 100\", visits: \"id < 500\", bills: via visits on visit_id }",
            ["visits": "via patients on patient_id"]
        ),
    ])
    func aWaveThatCutsADependencyIsRefusedWithWhatMendsIt(_ wave: String, _ mended: [String: String]) throws {
        try Clinic.with { source, target in
            let plan = try Clinic.plan(waves: "waves: { w: \(wave) }", source, target)
            let closure = try #require(plan.waves[0].closure)
            #expect(plan.isRefused)
            let changes = Dictionary(uniqueKeysWithValues: closure.changes.map { ($0.entity.rawValue, $0.to) })
            #expect(changes == mended)
            var scopes = Dictionary(uniqueKeysWithValues: plan.waves[0].scopes.map { ($0.entity.rawValue, $0.rows) })
            scopes.merge(changes) { $1 }
            let text = scopes.map { "\($0): \"\($1)\"" }.joined(separator: ", ")
            let again = try Clinic.plan(waves: "waves: { w: { \(text) } }", source, target)
            #expect(!again.isRefused, "\(again.waves[0].cuts)")
        }
    }

    @Test func aLookupThatComesLaterIsCut() throws {
        let entities = Clinic.entities + "\nplans: { from: old.plans, into: new.plan, key: [id], fields: same }"
        try Clinic.with { source, target in
            try source.execute("CREATE TABLE old.plans (id int PRIMARY KEY, code text UNIQUE NOT NULL)")
            // Without the foreign key, which would be found first.
            try target.execute("ALTER TABLE new.patient DROP CONSTRAINT patient_plan_id_fkey")
            let waves =
                "waves: { first: { regions: all, patients: all, visits: all }, later: { plans: all, bills: all } }"
            let plan = try Clinic.plan(waves: waves, entities: entities, source, target)
            let cut = try #require(plan.waves[0].cuts.first { $0.kind == .lookup })
            #expect(cut.severity == .error)
            #expect(plan.waves[0].closure?.text == "first: { plans: all }")
            #expect(plan.waves[1].closure == nil)
        }
    }

    @Test func whatOnlyLooksLikeAReferenceIsAWarning() throws {
        try Clinic.with { source, target in
            let waves = "waves: { first: { bills: all }, later: { regions: all, patients: all, visits: all } }"
            let plan = try Clinic.plan(waves: waves, source, target)
            let cut = try #require(plan.waves[0].cuts.first)
            #expect(cut.severity == .warning)
            #expect(cut.kind == .likelyReference)
            #expect(!plan.isRefused)
        }
    }

    @Test func circlesAreNamed() throws {
        try Clinic.with { source, target in
            try target.execute(
                """
                ALTER TABLE new.patient ADD COLUMN last_visit bigint;
                ALTER TABLE new.patient ADD FOREIGN KEY (last_visit) REFERENCES new.visit
                """)
            let waves = "waves: { all: { regions: all, patients: all, visits: all, bills: all } }"
            let plan = try Clinic.plan(waves: waves, source, target)
            #expect(plan.cycles == [[.entity("patients"), .entity("visits")]])
        }
    }

    @Test func suggestedWavesCutNothing() throws {
        try Clinic.with { source, target in
            let suggestion = try #require(
                Clinic.plan(waves: "", suggests: true, source, target).suggestion)
            #expect(Set(suggestion.waves.flatMap(\.entities)) == ["regions", "patients", "visits", "bills"])
            #expect(suggestion.waves.count > 1)
            let plan = try Clinic.plan(waves: suggestion.text, source, target)
            #expect(!plan.isRefused)
            #expect(plan.waves.allSatisfy { $0.cuts.isEmpty }, "what only looks like a reference is heeded too")
            #expect(plan.waves.count == suggestion.waves.count)
        }
    }

    @Test func aSourceThatCannotBeAskedIsPlannedByTheTarget() throws {
        try Clinic.with { _, target in
            let entities = """
                regions: { from: old.regions, into: new.region, key: [code], fields: same, columns: { code: text } }
                visits: { from: old.visits, into: new.visit, key: [id], fields: same, columns: { id: bigint, patient_id: bigint, note: text } }
                """
            let playbook = try Clinic.playbook(waves: "waves: { a: { regions: all, visits: all } }", entities: entities)
            let plan = try Planner(playbook, source: nil, target: target).plan()
            #expect(plan.waves[0].scopes.allSatisfy { $0.volume == nil && $0.duration == nil })
            #expect(plan.waves[0].duration == nil)
        }
    }
}
