import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Profiling
import TestSupport
import Testing

@Suite struct DefectTests {
    private static let planted = """
        UPDATE people SET code = 'AB-1234567' WHERE id <= 3; UPDATE people SET code = NULL WHERE id IN (4, 5);
        UPDATE people SET age = 40000 WHERE id <= 6; UPDATE people SET salary = 12345.678 WHERE id <= 8;
        UPDATE people SET badge = 'none' WHERE id <= 9; UPDATE people SET notes = '{"n": "a\\u0000b"}' WHERE id <= 10;
        UPDATE people SET name = E'bell \\x07' WHERE id <= 12;
        """

    @Test func whatTheTargetWouldRefuseIsCountedFieldByField() throws {
        try Registry.with(Self.planted) { source, target in
            let profile = try Registry.profile(source, target)
            let found = Dictionary(
                uniqueKeysWithValues: profile.rejections.map { ("\($0.field) \($0.sqlState)", $0.rows) })
            #expect(
                found == [
                    "code 22001": 3, "code 23502": 2, "age 22003": 6, "salary 22003": 8, "badge 22P02": 9,
                    "notes 22P05": 10,
                ])
            #expect(profile.hasDefects)
            #expect(try target.query("SELECT count(*) FROM person").scalar == "0")
            #expect(target.transactionStatus == .idle)
        }
    }

    @Test func suggestedDefectsPassTheCheckAndCatchTheRows() throws {
        try Registry.with(Self.planted) { source, target in
            let profile = try Registry.profile(source, target)
            #expect(profile.suggestions.count == 7)
            let lines = profile.suggestions.map { "      \($0.line)" }.joined(separator: "\n")
            let text = Registry.text.replacing("#DEFECTS", with: "    defects:\n\(lines)")
            let playbook = try Playbook(parsing: text, file: "registry.yaml")
            let check = try PlaybookCheck(playbook, source: source, target: target)
            #expect(!check.hasErrors, "\(check.findings.filter { $0.severity == .error })")
            let (mended, _) = try CompiledPlaybook.survey(playbook, source: source, target: target, asksRows: false)
            let people = try #require(mended["people"])
            // The rows that are refused are those that the entries set aside.
            let reader = BoundedReader(source, until: .now + .seconds(60))
            try target.execute("BEGIN")
            _ = try StagedSample.copy(2000, of: people, from: reader, into: target, within: .seconds(30))
            let predicates = people.quarantines.map { "(\($0.predicate))" }.joined(separator: " OR ")
            let aside = try target.query(
                "SELECT count(*) FROM \(people.statements.rawStage) WHERE \(predicates)")
            #expect(aside.scalar == "10")
            let clean = try target.query(
                "SELECT count(*) FROM \(people.statements.correctedStage) WHERE name ~ '[\\x01-\\x08]'")
            #expect(clean.scalar == "0")
            try target.execute("ROLLBACK")
        }
    }

    @Test func aLookupThatFindsNothingGetsAnEntryToo() throws {
        try Registry.with("UPDATE people SET plan = 'gold' WHERE id <= 3") { source, target in
            try target.execute("ALTER TABLE person ALTER plan_id SET NOT NULL")
            let profile = try Registry.profile(source, target)
            #expect(profile.rejections.map(\.rows) == [3])
            let line = try #require(profile.suggestions.first?.line)
            let text = Registry.text.replacing("#DEFECTS", with: "    defects:\n      \(line)")
            let playbook = try Playbook(parsing: text, file: "registry.yaml")
            let check = try PlaybookCheck(playbook, source: source, target: target)
            #expect(!check.hasErrors, "\(check.findings.filter { $0.severity == .error })")
        }
    }

    @Test func keysThatAreThereTwiceAreFound() throws {
        try Registry.with(
            "UPDATE people SET code = 'same' WHERE id <= 3; UPDATE people SET code = 'too' WHERE id IN (4, 5)"
        ) {
            source, target in
            let found = try Registry.profile(source, target).duplicates
            #expect(found.map(\.columns) == [["code"]])
            #expect(found.first?.keys == 2 && found.first?.rows == 5 && found.first?.looked == nil)
        }
    }

    @Test func rowsThatPointAtNothingAreFound() throws {
        try Registry.with("UPDATE people SET team_id = 99 WHERE id <= 4; UPDATE people SET plan = 'gold' WHERE id = 1")
        {
            source, target in
            try target.execute("DELETE FROM plan; INSERT INTO plan VALUES (7, 'basic')")
            let found = try Registry.profile(source, target).orphans
            #expect(found.first { $0.columns == ["team_id"] }?.rows == 4)
            // A code that is not there becomes NULL, which points at nothing and is allowed to.
            #expect(found.first { $0.columns == ["plan_id"] }.map { $0.rows == 0 && $0.looked == 999 } == true)
        }
    }

    @Test func bytesThatAreNoCharactersAreFoundOnASourceWithoutAnEncoding() throws {
        let cluster = try SharedCluster.cluster()
        let name = "raw_\(UUID().uuidString.prefix(8).lowercased())"
        try withDatabase { targetDatabase in
            let admin = try targetDatabase.connect()
            try admin.execute(
                "CREATE DATABASE \"\(name)\" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
            defer { _ = try? admin.execute("DROP DATABASE \"\(name)\" WITH (FORCE)") }
            let source = try TestDatabase(cluster: cluster, name: name).connect()
            let target = try targetDatabase.connect()
            try source.execute(Registry.source)
            try source.execute("UPDATE people SET name = convert_from('\\xe9'::bytea, 'SQL_ASCII') WHERE id <= 3")
            try target.execute(Registry.target)
            let profile = try Registry.profile(source, target)
            #expect(profile.rowsMapped == 997)
            #expect(profile.rejections.map(\.field) == ["name"])
            #expect(profile.rejections.first?.sqlState == "22021" && profile.rejections.first?.rows == 3)
        }
    }

    @Test func theLedgerKeepsTheNewestProfile() throws {
        try Registry.with { source, target in
            try Migrations().apply(on: target)
            let id = try #require(Entities(on: target).register(["people"])["people"])
            let profiles = Profiles(on: target)
            #expect(try profiles.newest(of: id, wave: nil) == nil)
            let first = try Registry.profile(source, target).record
            try profiles.store(first, of: id)
            let young = try Registry.profile(source, target) { $0.wave = "young" }.record
            try profiles.store(young, of: id)
            let kept = try #require(try profiles.newest(of: id, wave: nil))
            #expect(kept.rowsLooked == first.rowsLooked)
            #expect(Set(kept.values) == Set(first.values))
            #expect(try profiles.newest(of: id, wave: "young")?.rowsLooked == 100)
            #expect(kept.values.contains { $0.origin == .field && $0.name == "badge" && $0.deciles.count == 11 })
        }
    }
}
