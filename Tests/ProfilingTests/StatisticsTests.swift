import LibPQ
import Model
import Profiling
import TestSupport
import Testing

@Suite struct StatisticsTests {
    private func column(_ name: String, _ profile: EntityProfile) throws -> FieldStatistics {
        try #require(profile.columns.first { $0.name == name })
    }

    @Test func countsAreExactWhereAllRowsWereRead() throws {
        let planted = """
            UPDATE people SET name = '' WHERE id <= 7; UPDATE people SET name = ' x ' WHERE id BETWEEN 8 AND 10;
            UPDATE people SET name = 'é' WHERE id = 11; UPDATE people SET name = E'a\\x01b' WHERE id IN (12, 13);
            """
        try Registry.with(planted) { source, target in
            let profile = try Registry.profile(source, target)
            #expect(!profile.isSample && profile.rowsLooked == 1000)
            let name = try column("name", profile)
            #expect((name.empty, name.padded, name.beyondASCII, name.control) == (7, 3, 1, 2))
            #expect(name.lengths.first == 0 && name.lengths.last == 9)
            let badge = try column("badge", profile)
            #expect(badge.nulls == 250 && badge.distinct == 750 && badge.nullShare == 0.25)
            #expect(try column("team_id", profile).distinct == 10)
            #expect(try column("score", profile).notFinite == 100)
            let form = try column("code", profile).forms.first
            #expect(form?.text == "AA-9999" && form?.rows == 1000)
            #expect(try column("active", profile).distinct == 2)
            #expect(try column("tags", profile).kind == .other)
        }
    }

    @Test func boundsAreRoundedUnlessValuesAreAskedFor() throws {
        try Registry.with("UPDATE people SET salary = 1234.5 WHERE id = 1") { source, target in
            let plain = try column("salary", Registry.profile(source, target))
            #expect(plain.deciles.first == 0 && plain.deciles.last == 1300)
            #expect(plain.values.isEmpty)
            #expect(plain.withoutValues == plain)
            let told = try column("salary", Registry.profile(source, target) { $0.showsValues = true })
            #expect(told.deciles.last == 1234.5)
            #expect(told.deciles[5] == 501)
            #expect(
                try column("plan", Registry.profile(source, target) { $0.showsValues = true }).values.first?.text
                    == "basic")
        }
    }

    @Test func reportsHoldNoValueOfARowUnlessAsked() throws {
        let secret = "Zaphod-Beeblebrox-42"
        try Registry.with("UPDATE people SET name = '\(secret)', code = '\(secret)'") { source, target in
            for shows in [false, true] {
                let profile = try Registry.profile(source, target) { $0.showsValues = shows }
                let report = ProfileReport(playbook: "registry", profiles: [profile])
                for text in [report.html, try report.json()] { #expect(text.contains(secret) == shows) }
                #expect(report.markdown.contains("Zaphod") == shows)
                #expect(!"\(profile.record)".contains("Zaphod"))
            }
        }
    }

    @Test func aLargeTableIsSampled() throws {
        try Registry.with(
            "INSERT INTO people (id, age, name) SELECT n, n % 30, repeat('x', 50) FROM generate_series(2000, 81999) n"
        ) { source, target in
            let profile = try Registry.profile(source, target) { $0.rows = 4000 }
            #expect(profile.isSample)
            #expect((1500...9000).contains(profile.rowsLooked), "\(profile.rowsLooked)")
            #expect((75_000...87_000).contains(profile.rowsEstimated), "\(profile.rowsEstimated)")
            let whole = try Registry.profile(source, target) {
                $0.rows = 4000
                $0.isFull = true
            }
            #expect(!whole.isSample && whole.rowsLooked == 81_000)
        }
    }

    @Test func aWavesRowsAreProfiledByThemselves() throws {
        try Registry.with { source, target in
            let profile = try Registry.profile(source, target) { $0.wave = "young" }
            #expect(profile.wave == "young" && profile.rowsLooked == 100 && profile.rowsMapped == 100)
        }
    }
}
