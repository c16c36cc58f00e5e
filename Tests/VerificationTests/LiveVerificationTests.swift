import Foundation
import Ledger
import LibPQ
import Model
import StreamSupport
import TestSupport
import Testing
import Verification

/// Both sides are compared while the source is written to.
@Suite(.serialized) struct LiveVerificationTests {
    static let columns =
        "count bigint NOT NULL, name text, amount numeric(12,2), bytes bytea, at timestamptz, large text"
    static let entity = "  t: { from: public.t, into: public.t, key: [id], fields: same }"
    static let query = "SELECT id, count, name, amount, bytes, at, md5(large) FROM t"

    static func rows(_ count: Int) -> String {
        """
        CREATE TABLE t (id bigint PRIMARY KEY, \(columns));
        ALTER TABLE t ALTER COLUMN large SET STORAGE EXTERNAL;
        INSERT INTO t SELECT i, 0, 'name ' || i, i / 7.0, decode(md5(i::text), 'hex'), '2026-01-01'::timestamptz + i * interval '1 minute',
            CASE WHEN i < 100 THEN repeat(md5(i::text), 100) END
        FROM generate_series(0, \(count - 1)) i; ANALYZE t
        """
    }

    private func withLoaded(_ count: Int, _ body: (StreamedFixture) throws -> Void) throws {
        try withStream(
            tables: Self.rows(count), targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(Self.columns))",
            entities: Self.entity, waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            try body(fixture)
        }
    }

    @Test func aQuietSystemIsEqualAndEachRangeIsCertified() throws {
        try withLoaded(5_000) { fixture in
            let outcome = try fixture.verify()
            #expect(outcome.verdict == .equal, "\(outcome.reasons) \(outcome.keys())")
            #expect(outcome.sourceRows == 5_000 && outcome.entities[0].summary.suspects == 0)
            let certificates = try fixture.target.connect().query(
                """
                SELECT count(*), count(*) FILTER (WHERE state = 'equal' AND source_digest = target_digest
                    AND snapshot IS NOT NULL AND position IS NOT NULL AND waves = '{all}' AND form = 'values') FROM tidegate.certificate
                """)
            #expect(certificates[0, 0] == certificates[0, 1] && certificates[0, 0] != "0")
        }
    }

    @Test("V1: under 1,000 updates a second of hot keys there is not one false alarm, and a flipped bit is found")
    func v1HotKeys() throws {
        let seconds = ProcessInfo.processInfo.environment["TIDEGATE_SOAK_SECONDS"].flatMap(Int.init) ?? 10
        try withLoaded(20_000) { fixture in
            let writes = HotKeys(
                fixture.source, keys: 40, rate: 1000,
                "UPDATE t SET count = count + 1, name = 'hot %', at = now() WHERE id = #")
            let end = ContinuousClock.now + .seconds(seconds)
            var rounds = 0
            var suspects = 0
            var unproven = 0
            while ContinuousClock.now < end {
                let outcome = try fixture.verify { $0.patience = .seconds(5) }
                rounds += 1
                suspects += outcome.entities[0].summary.suspects
                unproven += outcome.unproven
                #expect(outcome.drifted == 0, "false alarms: \(outcome.entities[0].rows)")
            }
            // A bit of a row that is written to all the time, in a column that the stream never brings; one of a quiet row.
            let target = try fixture.target.connect()
            try target.execute(
                "UPDATE t SET large = overlay(large PLACING chr(ascii(large) # 1) FROM 1 FOR 1) WHERE id = 7")
            try target.execute("UPDATE t SET bytes = set_bit(bytes, 3, 1 - get_bit(bytes, 3)) WHERE id = 19000")
            let hot = try fixture.verify { $0.patience = .seconds(2) }
            #expect(hot.verdict == .drift)
            #expect(hot.keys()[.different]?.contains("19000") == true)
            #expect(hot.keys().values.reduce(into: Set()) { $0.formUnion($1) }.contains("7"), "never equal")
            #expect((hot.keys()[.different] ?? []).isSubset(of: ["7", "19000"]), "false alarms: \(hot.keys())")
            let rate = writes.rate
            try writes.stop()
            try fixture.drain()
            let quiet = try fixture.verify()
            #expect(quiet.keys() == [.different: ["7", "19000"]])
            #expect(quiet.entities[0].rows.first { $0.key == ["7"] }?.fields == ["large"])
            print("V1: \(rounds) rounds, \(Int(rate)) updates/s, \(suspects) suspects, \(unproven) unproven")
            #expect(suspects > 0, "the load has made nothing suspect: it proves nothing")
        }
    }

    @Test func deletesInsertsAndKeyChangesRaiseNoAlarm() throws {
        try withStream(
            tables: HandoverTable.rows(3_000), targetTables: HandoverTable.create, entities: Self.entity,
            waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            let writes = WriteLoad(fixture.source, keys: 4_000)
            for _ in 0..<6 {
                let outcome = try fixture.verify { $0.patience = .seconds(5) }
                #expect(outcome.drifted == 0, "false alarms: \(outcome.entities[0].rows)")
            }
            try writes.stop()
            try fixture.drain()
            let outcome = try fixture.verify()
            #expect(outcome.verdict == .equal, "\(outcome.reasons) \(outcome.keys())")
        }
    }

    private enum HandoverTable {
        static let create =
            "CREATE TABLE t (id bigint PRIMARY KEY, region text NOT NULL, version int NOT NULL, large text)"
        static func rows(_ count: Int) -> String {
            """
            \(create);
            INSERT INTO t SELECT i, (ARRAY['EU', 'US', 'AP'])[i % 3 + 1], 0, repeat(md5(i::text), 1 + i % 90)
            FROM generate_series(0, \(count - 1)) i; ANALYZE t
            """
        }
    }

    @Test func aThousandPlantedDifferencesAreAllFoundAndNothingElse() throws {
        try withLoaded(20_000) { fixture in
            let target = try fixture.target.connect()
            // 200 of each kind, scattered.
            try target.execute(
                """
                UPDATE t SET amount = amount + 0.01 WHERE id % 100 = 1;
                DELETE FROM t WHERE id % 100 = 2;
                INSERT INTO t SELECT i, 0, 'extra', 0, '', now(), NULL FROM generate_series(-200, -1) i;
                UPDATE t SET name = NULL WHERE id % 100 = 3;
                UPDATE t SET bytes = set_bit(bytes, (id % 128)::int, 1 - get_bit(bytes, (id % 128)::int)) WHERE id % 100 = 4
                """)
            let outcome = try fixture.verify()
            #expect(outcome.verdict == .drift)
            let keys = outcome.keys()
            #expect(outcome.drifted == 1_000 && outcome.unproven == 0)
            #expect(keys[.missing] == Set(stride(from: 2, to: 20_000, by: 100).map(String.init)))
            #expect(keys[.extra] == Set((-200..<0).map(String.init)))
            let fields = Dictionary(grouping: outcome.entities[0].rows.filter { $0.kind == .different }, by: \.fields)
                .mapValues(\.count)
            #expect(fields == [["amount"]: 200, ["name"]: 200, ["bytes"]: 200])
        }
    }
}
