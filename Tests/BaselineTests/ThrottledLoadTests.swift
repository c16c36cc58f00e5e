import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Synchronization
import TestSupport
import Testing
import Throttling

/// Workers are held back between chunks, and hold nothing meanwhile.
@Suite(.serialized) struct ThrottledLoadTests {
    private func withTable(_ body: (BaselineFixture) throws -> Void) throws {
        try withBaseline(
            tables: """
                CREATE TABLE t (id bigint PRIMARY KEY, filler text);
                INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 2000) i;
                ANALYZE t
                """,
            targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, filler text)", entities: WaveLoadTests.plain,
            limits: "{ load_workers: 2, source_connections: 2, chunk_bytes: 32768 }", body)
    }

    private func monitor(_ fixture: BaselineFixture, _ limits: ThrottleLimits, slots: [String]) throws
        -> (ThrottleMonitor, @Sendable () -> [ThrottleState])
    {
        let states = Mutex<[ThrottleState]>([])
        let kept = Kept(states)
        var options = ThrottleOptions(
            limits, target: try fixture.target.connectionString, source: try fixture.source.connectionString,
            wave: "all", name: "test")
        options.slots = slots
        return (ThrottleMonitor(options) { kept.add($0) }, { kept.all })
    }

    private final class Kept: Sendable {
        private let states: Mutex<[ThrottleState]>
        init(_ states: consuming Mutex<[ThrottleState]>) { self.states = states }
        func add(_ state: ThrottleState) { states.withLock { $0.append(state) } }
        var all: [ThrottleState] { states.withLock { $0 } }
    }

    /// Runs a load beside `body`, which is to see that it can end.
    private func loading(
        _ fixture: BaselineFixture, _ monitor: ThrottleMonitor, shouldStop: @escaping @Sendable () -> Bool = { false },
        _ body: () throws -> Void
    ) throws -> (any Error)? {
        let outcome = Mutex<(any Error)?>(nil)
        let ended = DispatchSemaphore(value: 0)
        monitor.start()
        defer { monitor.stop() }
        let thread = Thread {
            do {
                try fixture.load("all") { options in
                    options.throttle = monitor
                    options.shouldStop = shouldStop
                }
            } catch { outcome.withLock { $0 = error } }
            ended.signal()
        }
        thread.start()
        defer { ended.wait() }
        try body()
        ended.wait()
        defer { ended.signal() }
        return outcome.withLock { $0 }
    }

    @Test func aPausedLoadHoldsNothingAndGoesOnWhenItMay() throws {
        try withTable { fixture in
            try Migrations().apply(on: fixture.target.connect())
            let other = "other_\(fixture.source.name)"
            let (monitor, states) = try monitor(fixture, ThrottleLimits(), slots: [other])
            let source = try fixture.source.connect()
            let error = try loading(fixture, monitor) {
                let target = try fixture.target.connect()
                try waitUntil("the chunks are planned and the pause is in the status") {
                    let status = try Status(on: target)
                    return status.scopes.first?.chunks ?? 0 > 10 && status.throttles.first?.share == 0
                }
                let status = try Status(on: target)
                #expect(status.throttles.first?.factor == "slot_retained")
                #expect(status.throttles.first?.reason?.contains("no replication slot \(other)") == true)
                #expect(status.scopes.first?.chunksMerged == 0 && status.scopes.first?.chunksRunning == 0)
                for session in [source, target] {
                    let open = try session.query(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                            AND application_name LIKE 'tidegate load%' AND xact_start IS NOT NULL
                        """
                    ).scalar
                    #expect(open == "0")
                }
                try source.query("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [.text(other)])
            }
            #expect(error == nil)
            #expect(states().first?.share == 0 && states().contains { $0.isRising })
            #expect(try fixture.isEqual("SELECT * FROM t ORDER BY id"))
            try source.query("SELECT pg_drop_replication_slot($1)", [.text(other)])
        }
    }

    @Test func aCeilingOfTheRateIsKeptToAndNamed() throws {
        try withTable { fixture in
            try Migrations().apply(on: fixture.target.connect())
            var limits = ThrottleLimits()
            limits.limits = [:]
            limits.windows = [RateWindow(from: 0, to: 1440, ceiling: RateCeiling(rows: 1, bytes: nil))]
            let (monitor, states) = try monitor(fixture, limits, slots: [])
            let isStopped = Mutex(false)
            let error = try loading(fixture, monitor, shouldStop: { isStopped.withLock { $0 } }) {
                defer { isStopped.withLock { $0 = true } }
                try waitUntil("the ceiling is named") { states().contains { $0.factor == .rates } }
                let status = try Status(on: fixture.target.connect())
                // A chunk is paid for with a minute: each worker has had one at most.
                #expect((1...2).contains(status.scopes.first?.chunksMerged ?? 0), "\(status.scopes)")
                #expect(states().last?.reason == "rates: all loads together may do 1 rows/s")
            }
            #expect((error as? BaselineError)?.code == .stopped)
        }
    }
}
