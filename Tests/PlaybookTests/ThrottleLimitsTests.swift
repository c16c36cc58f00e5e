import Model
import Playbook
import Testing

@Suite struct ThrottleLimitsTests {
    private static let frame = """
        playbook: t
        target: { postgres: x }
        entities: { a: { from: a, into: a, fields: same } }

        """

    private func limits(_ text: String) throws -> ThrottleLimits {
        try Playbook(parsing: Self.frame + text, file: "test.yaml").limits.throttle
    }

    @Test func withoutASectionTheDefaultsAreOn() throws {
        #expect(try limits("") == ThrottleLimits())
        #expect(try limits("").limits[.streamLag] == 10)
        #expect(Set(try limits("limits: { lanes: 1 }").limits.keys) == Set(LimitingFactor.probed))
    }

    @Test func everyKey() throws {
        let read = try limits(
            """
            limits:
              throttle:
                stream_lag: 500ms
                target_latency: 2s
                lock_wait: off
                target_replica_lag: 1m
                source_replica_lag: off
                source_sessions: 40
                slot_retained: 512MB
                time_zone: Europe/Berlin
                rates:
                  - { from: "08:00", to: "18:30", rows: 5_000, bytes: 4MB }
                  - { from: "22:00", to: "24:00", rows: 100 }
                  - { bytes: 1GB }
            """)
        #expect(
            read.limits == [
                .streamLag: 0.5, .targetLatency: 2, .targetReplicaLag: 60, .sourceSessions: 40,
                .slotRetained: Double(512 << 20),
            ])
        #expect(read.timeZone == "Europe/Berlin")
        #expect(
            read.windows == [
                RateWindow(from: 480, to: 1110, ceiling: RateCeiling(rows: 5000, bytes: 4 << 20)),
                RateWindow(from: 1320, to: 1440, ceiling: RateCeiling(rows: 100, bytes: nil)),
                RateWindow(from: 0, to: 1440, ceiling: RateCeiling(rows: nil, bytes: 1 << 30)),
            ])
    }

    @Test(arguments: [
        (Rule.unknownKey, "⟦stream-lag: 5s"), (.badValue, "stream_lag: ⟦5"), (.badValue, "lock_wait: ⟦0s"),
        (.badValue, "source_sessions: ⟦0"), (.badValue, "slot_retained: ⟦1kB"), (.badValue, "slot_retained: ⟦much"),
        (.badValue, "time_zone: ⟦Middle/Earth"), (.wrongKind, "rates: ⟦5000"),
        (.missingKey, "rates: [⟦{ from: \"08:00\" }]"),
        (.badValue, "rates: [{ from: ⟦\"8:00\", rows: 5 }]"), (.badValue, "rates: [{ to: ⟦\"24:01\", rows: 5 }]"),
        (.badValue, "rates: [{ rows: ⟦0 }]"), (.unknownKey, "rates: [{ ⟦row: 5 }]"),
    ])
    func mistakesAreFoundWhereTheyStand(rule: Rule, text: String) {
        let marked = Marked(Self.frame + "limits:\n  throttle:\n    \(text)\n")
        let findings: [Finding]
        do {
            findings = try Playbook(parsing: marked.text, file: "test.yaml").findings
        } catch {
            findings = error.findings
        }
        marked.expect(rule, in: findings)
    }
}
