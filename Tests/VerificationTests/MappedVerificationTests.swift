import Ledger
import LibPQ
import Model
import StreamSupport
import TestSupport
import Testing
import Verification

/// Mappings, scopes, owners and keys of all kinds.
@Suite(.serialized) struct MappedVerificationTests {
    @Test func lookupsMasksAndDefectsAreComparedAsTheTargetMapsThem() throws {
        try withStream(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, first text, tier text, ssn text, priority text);
                INSERT INTO t SELECT i, 'n' || i, (ARRAY['basic', 'gold'])[i % 2 + 1], 'ssn' || i,
                    (ARRAY['P1', 'P5', 'bad'])[i % 3 + 1] FROM generate_series(1, 3000) i; ANALYZE t
                """,
            targetTables: """
                CREATE TABLE tier (id int PRIMARY KEY, code text); INSERT INTO tier VALUES (1, 'basic'), (2, 'gold');
                CREATE TABLE t (id bigint PRIMARY KEY, name text, tier_id int, ssn text, priority text)
                """,
            entities: """
                  t:
                    from: public.t
                    into: public.t
                    key: [id]
                    fields:
                      id: id
                      name: "upper(first) || '!'"
                      tier_id: "(SELECT r.id FROM public.tier r WHERE r.code = tier)"
                      ssn: { from: ssn, mask: redact }
                      priority: priority
                    defects:
                      P5-is-low: { where: "priority = 'P5'", set: { priority: "'Low'" } }
                      bad: { where: "priority = 'bad'", action: quarantine }
                """, waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            let outcome = try fixture.verify()
            #expect(outcome.verdict == .equal, "\(outcome.reasons) \(outcome.keys())")
            #expect(outcome.entities[0].summary.targetRows == 2000)
            let target = try fixture.target.connect()
            try target.execute(
                """
                UPDATE t SET tier_id = 3 - tier_id WHERE id = 4; UPDATE t SET ssn = 'ssn7' WHERE id = 7;
                UPDATE t SET priority = 'P5' WHERE id = 10; INSERT INTO t VALUES (5, 'N5!', 2, '***', 'bad')
                """)
            let drifted = try fixture.verify()
            #expect(drifted.keys() == [.different: ["4", "7", "10"]], "a row of a defect is set aside")
            #expect(drifted.parked == 1)
            let fields = drifted.entities[0].rows.map { $0.key[0] + $0.fields.joined() }
            #expect(Set(fields) == ["4tier_id", "7ssn", "10priority"])
        }
    }

    @Test func onlyRowsOfLoadedWavesMustBeThereAndThoseThatLeftThemAreCompared() throws {
        try withStream(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, region text, name text);
                INSERT INTO t SELECT i, (ARRAY['EU', 'US'])[i % 2 + 1], 'n' FROM generate_series(1, 2000) i; ANALYZE t
                """,
            targetTables: "CREATE TABLE t (id int PRIMARY KEY, region text, name text)",
            entities: LiveVerificationTests.entity, waves: "{ eu: { t: \"region = 'EU'\" }, rest: { t: all } }"
        ) { fixture in
            #expect(throws: VerificationError.self) { try fixture.verify() }
            try fixture.load("eu")
            #expect(throws: VerificationError.self) { try fixture.verify { $0.wave = "rest" } }
            try Connection(fixture.source, applicationName: "test").execute(
                "UPDATE t SET region = 'US' WHERE id = 2; UPDATE t SET name = 'moved' WHERE id = 2; UPDATE t SET region = 'EU' WHERE id = 1"
            )
            try fixture.drain()
            let outcome = try fixture.verify { $0.wave = "eu" }
            #expect(outcome.verdict == .equal, "\(outcome.keys())")
            #expect(outcome.entities[0].summary.targetRows == 1001 && outcome.entities[0].summary.waves == ["eu"])
            try fixture.target.connect().execute("UPDATE t SET name = 'other' WHERE id = 2; DELETE FROM t WHERE id = 1")
            #expect(try fixture.verify().keys() == [.different: ["2"], .missing: ["1"]])
        }
    }

    @Test func whatTheTargetOwnsIsLeftOut() throws {
        try withStream(
            tables: """
                CREATE TABLE t (id int PRIMARY KEY, region text, name text, credit int);
                INSERT INTO t SELECT i, (ARRAY['EU', 'US'])[i % 2 + 1], 'n', 0 FROM generate_series(1, 2000) i; ANALYZE t
                """,
            targetTables: "CREATE TABLE t (id int PRIMARY KEY, region text, name text, credit int)",
            entities: LiveVerificationTests.entity, waves: "{ all: { t: all } }",
            ownership: """
                { rules: [ { entity: t, fields: [credit], owner: target }, { entity: t, where: "region = 'EU'", owner: target } ] }
                """
        ) { fixture in
            try fixture.load("all")
            let target = try fixture.target.connect()
            try target.execute(
                """
                UPDATE t SET credit = id; UPDATE t SET name = 'theirs' WHERE region = 'EU';
                DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (-1, 'EU', 'theirs', 1)
                """)
            let outcome = try fixture.verify()
            #expect(outcome.verdict == .equal, "\(outcome.keys())")
            try target.execute(
                """
                UPDATE t SET name = 'drift' WHERE id = 1; DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (-2, 'US', 'drift', 1)
                """)
            #expect(try fixture.verify().keys() == [.different: ["1"], .missing: ["3"], .extra: ["-2"]])
            let repaired = try fixture.verify { $0.repairs = true }
            #expect(repaired.verdict == .repaired && repaired.repaired == 3)
            #expect(try fixture.verify().verdict == .equal)
            let kept = try target.query(
                "SELECT count(*) FROM t WHERE credit = id AND (region = 'US' OR name = 'theirs' OR id < 0)")
            #expect(kept.scalar == "1998", "the repair has written what the target owns")
            let audited = try Audit(on: target).entries(action: "rows-repaired")
            #expect(audited.count == 1 && audited[0].detail.contains(#""deleted": "1""#))
        }
    }

    @Test func parkedKeysAreReportedAsSuch() throws {
        try withStream(
            tables:
                "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 100) i; ANALYZE t",
            targetTables: "CREATE TABLE t (id int PRIMARY KEY, n int CHECK (n < 1000))",
            entities: LiveVerificationTests.entity, waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            try Connection(fixture.source, applicationName: "test").execute(
                "UPDATE t SET n = 2000 WHERE id = 5; UPDATE t SET n = 500 WHERE id = 6")
            try fixture.drain()
            let outcome = try fixture.verify()
            #expect(outcome.verdict == .equal && outcome.parked == 1, "\(outcome.keys())")
            try fixture.target.connect().execute("UPDATE tidegate.quarantine SET state = 'discarded'")
            #expect(try fixture.verify().keys() == [.different: ["5"]])
        }
    }

    /// The key's type on both sides, SQL of the key of number `i`, and the field.
    @Test(arguments: [
        ("a int, b text COLLATE \"C\"", "i / 10, 'k' || i", "[a, b]", "a: a, b: b"),
        ("a text, b int", "'k' || i, 1", "[a, b]", "a: a, b: b"),
        ("a text, b int", "'K' || i, 1", "[a, b]", "a: lower(a), b: b"),
        ("a uuid, b date", "md5(i::text)::uuid, date '2026-01-01' + i", "[a, b]", "a: a, b: b"),
    ])
    func keysOfEveryKind(_ columns: String, _ values: String, _ key: String, _ fields: String) throws {
        try withStream(
            tables: """
                CREATE TABLE t (\(columns), n int, PRIMARY KEY (a, b));
                INSERT INTO t SELECT \(values), i FROM generate_series(1, 3000) i; ANALYZE t
                """,
            targetTables: "CREATE TABLE t (\(columns), n int, PRIMARY KEY (a, b))",
            entities: "  t: { from: public.t, into: public.t, key: \(key), fields: { \(fields), n: n } }",
            waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            #expect(try fixture.verify().verdict == .equal)
            let target = try fixture.target.connect()
            try target.execute(
                """
                UPDATE t SET n = 0 WHERE n = 17; DELETE FROM t WHERE n = 18;
                INSERT INTO t SELECT \(values), 9999 FROM generate_series(5000, 5000) i
                """)
            let outcome = try fixture.verify()
            #expect(outcome.keys().mapValues(\.count) == [.different: 1, .missing: 1, .extra: 1], "\(outcome.keys())")
            #expect(try fixture.verify { $0.repairs = true }.verdict == .repaired)
            #expect(try fixture.verify().verdict == .equal)
            // Lanes find the range of every kind of key.
            let source = try Connection(fixture.source, applicationName: "test")
            try source.execute("UPDATE t SET n = n + 100000 WHERE n IN (1, 1500, 2999); DELETE FROM t WHERE n = 700")
            try fixture.drain()
            let marked = try target.query("SELECT count(*) FROM tidegate.dirty").scalar.flatMap { Int($0) } ?? 0
            #expect((1...4).contains(marked))
            try target.execute("UPDATE t SET n = -n WHERE n > 100000")
            let dirty = try fixture.verify { $0.onlyDirty = true }
            #expect(dirty.keys().mapValues(\.count) == [.different: 3], "in ranges that were marked: \(dirty.keys())")
        }
    }
}
