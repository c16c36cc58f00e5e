import Ledger
import LibPQ
import Model
import Planning
import TestSupport
import Testing

@Suite struct VolumeTests {
    @Test func rowsComeFromStatisticsFromCountsAndFromSamples() throws {
        try Clinic.with { source, target in
            try source.execute(
                """
                ALTER TABLE old.visits DISABLE TRIGGER visit_noted;
                INSERT INTO old.visits SELECT n, 1 + n % 500, NULL, repeat('x', 40) FROM generate_series(3000, 122999) n;
                ANALYZE old.visits
                """)
            let waves = """
                waves:
                  one: { regions: all, patients: "region = 'N'", visits: via patients on patient_id }
                  two: { patients: all, visits: all }
                """
            let plan = try Clinic.plan(waves: waves, source, target)
            let (patients, visits) = (plan.waves[0].scopes[1].volume, plan.waves[0].scopes[2].volume)
            #expect(patients?.basis == .counted && patients?.rows == 250)
            #expect(visits?.basis == .sampled)
            // Half of 122,000, by a sample of a sixth.
            #expect((55_000...67_000).contains(visits?.rows ?? 0), "\(String(describing: visits))")
            #expect(plan.waves[1].scopes[1].volume?.basis == .statistics)
            #expect((115_000...130_000).contains(plan.waves[1].scopes[1].volume?.rows ?? 0))
            #expect((visits?.bytes ?? 0) > 0)
        }
    }

    @Test func aSampleGivesARateAndLeavesNothingBehind() throws {
        try Clinic.with { source, target in
            let plan = try Clinic.plan(waves: Clinic.goodWaves, source, target)
            let duration = try #require(plan.waves[2].duration)
            #expect(duration.basis == .sample)
            #expect(duration.low > 0 && duration.low <= duration.high)
            #expect(duration.limit.contains("workers"))
            #expect(try target.query("SELECT count(*) FROM new.patient").scalar == "0")
            #expect(try target.query("SELECT to_regnamespace('tidegate')").scalar == nil)
            #expect(target.transactionStatus == .idle)
        }
    }

    @Test func ratesOfEarlierLoadsAreUsed() throws {
        try Clinic.with { source, target in
            try Migrations().apply(on: target)
            let ids = try Entities(on: target).register(["regions", "patients", "visits", "bills"])
            for id in ids.values {
                try target.execute(
                    "INSERT INTO tidegate.scope (entity_id, wave, state) VALUES (\(id), 'before', 'live')")
                // 100, 200 and 400 rows in a second; a chunk of one row says nothing.
                for (ordinal, (rows, seconds)) in [(1000, 10.0), (1000, 5), (1000, 2.5), (1, 9)].enumerated() {
                    try target.execute(
                        """
                        INSERT INTO tidegate.chunk (entity_id, wave, ordinal, state, rows, bytes, started_at, merged_at)
                        VALUES (\(id), 'before', \(ordinal), 'merged', \(rows), \(rows * 100), now(),
                            now() + interval '\(seconds) seconds')
                        """)
                }
            }
            let plan = try Clinic.plan(waves: Clinic.goodWaves, source, target)
            let bills = try #require(plan.waves[2].scopes.last { $0.entity == "bills" }?.duration)
            #expect(bills.basis == .ledger)
            // 3,000 rows at 300 and at 150 rows in a second, by one worker: there is one chunk.
            #expect(abs(bills.low - 10) < 0.5 && abs(bills.high - 20) < 0.5, "\(bills)")
            #expect(bills.limit == "1 chunk for 2 workers")
        }
    }
}
