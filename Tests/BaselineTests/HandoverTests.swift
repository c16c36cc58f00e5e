import Baseline
import Ledger
import LibPQ
import Model
import StreamSupport
import Synchronization
import TestSupport
import Testing

/// Baseline and stream together, on real servers, while the source is written to.
@Suite(.serialized) struct HandoverTests {
    static let columns = "region text NOT NULL, version int NOT NULL, large text"
    static let entity = "  t: { from: public.t, into: public.t, key: [id], fields: same }"
    static let all = "{ all: { t: all } }"
    static let query = "SELECT id, region, version, md5(large) FROM t"

    static func rows(_ count: Int, key: String = "i") -> String {
        """
        CREATE TABLE t (id bigint PRIMARY KEY, \(columns));
        INSERT INTO t SELECT \(key), (ARRAY['EU', 'US', 'AP'])[i % 3 + 1], 0, repeat(md5(i::text), 1 + i % 90)
        FROM generate_series(0, \(count - 1)) i; ANALYZE t
        """
    }

    /// A moment chosen at random at which a load dies.
    private struct Crash: Error {}

    @Test func b2DeletesInFlightAndALoadThatDiesAgainAndAgain() throws {
        try withStream(
            tables: Self.rows(4_000), targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(Self.columns))",
            entities: Self.entity, waves: Self.all
        ) { fixture in
            let writes = WriteLoad(fixture.source, keys: 5_000)
            var deaths = 0
            for attempt in 0..<12 {
                let left = Mutex(Int.random(in: 1...20))
                do {
                    try fixture.load("all") { options in
                        options.pause = { _ in
                            let dies = left.withLock { left in
                                left -= 1
                                return left == 0 && attempt < 11
                            }
                            if dies { throw Crash() }
                        }
                    }
                    break
                } catch is Crash {
                    deaths += 1
                }
            }
            try writes.stop()
            try fixture.drain()
            let differences = try fixture.differences(Self.query)
            #expect(differences.isEmpty, "after \(deaths) deaths: \(differences.prefix(8))")
            #expect(try fixture.accountingHolds())
            let scopes = try Status(on: fixture.target.connect()).scopes
            #expect(scopes.first?.state == "live" && scopes.first?.handover == "snapshot" && scopes.first?.touched == 0)
            #expect(try Status(on: fixture.target.connect()).quarantine.isEmpty)
        }
    }

    @Test func b6ChangedKeysEndUpOnceWhileTwoProcessesLoad() throws {
        try withStream(
            tables: Self.rows(3_000), targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(Self.columns))",
            entities: Self.entity, waves: Self.all
        ) { fixture in
            let writes = WriteLoad(fixture.source, keys: 3_000, seed: 2)
            let second = Mutex<(any Error)?>(nil)
            fixture.start("second load") {
                do { try fixture.load("all") } catch { second.withLock { $0 = error } }
            }
            try fixture.load("all")
            // The statement that moves every key over its neighbour.
            try Connection(fixture.source, applicationName: "test").execute(
                "UPDATE t SET id = id + 100000 WHERE id < 2000")
            try writes.stop()
            try fixture.drain()
            #expect(second.withLock { $0 } == nil)
            let differences = try fixture.differences(Self.query)
            #expect(differences.isEmpty, "\(differences.prefix(8))")
        }
    }

    @Test func rowsThatMoveBetweenTwoWavesAreInTheRightPlace() throws {
        try withStream(
            tables: Self.rows(3_000), targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(Self.columns))",
            entities: Self.entity,
            waves: "{ eu: { t: \"region = 'EU'\" }, us: { t: \"region = 'US'\" }, rest: { t: all } }"
        ) { fixture in
            let writes = WriteLoad(fixture.source, keys: 4_000, seed: 3)
            for wave: WaveName in ["eu", "us"] { try fixture.load(wave) }
            try writes.stop()
            try fixture.drain()
            let missing = try fixture.differences(Self.query).filter { $0.hasPrefix("target") || !$0.contains("|AP|") }
            #expect(missing.isEmpty, "\(missing.prefix(8))")
            let more = WriteLoad(fixture.source, keys: 4_000, seed: 4)
            try fixture.load("rest")
            try more.stop()
            try fixture.drain()
            let differences = try fixture.differences(Self.query)
            #expect(differences.isEmpty, "\(differences.prefix(8))")
        }
    }

    @Test func b7TextKeysUnderALinguisticCollation() throws {
        let key = "(CASE mod(#, 3) WHEN 0 THEN 'a' WHEN 1 THEN 'B' ELSE 'ä' END || #)"
        try withStream(
            tables: """
                CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = true);
                CREATE TABLE t (id text COLLATE folded PRIMARY KEY, \(Self.columns));
                INSERT INTO t SELECT \(key.replacing("#", with: "i")), (ARRAY['EU', 'US', 'AP'])[i % 3 + 1], 0, repeat(md5(i::text), 1 + i % 90)
                FROM generate_series(0, 2999) i; ANALYZE t
                """,
            targetTables: "CREATE TABLE t (id text COLLATE \"C\" PRIMARY KEY, \(Self.columns))",
            entities: Self.entity, waves: Self.all
        ) { fixture in
            let writes = WriteLoad(
                fixture.source, keys: 4_000, key: key, seed: 5)
            try fixture.load("all")
            try writes.stop()
            try fixture.drain()
            let differences = try fixture.differences(Self.query)
            #expect(differences.isEmpty, "\(differences.prefix(8))")
            #expect(try Status(on: fixture.target.connect()).scopes.first?.handover == "touched")
        }
    }
}
