import Foundation
import Ledger
import LibPQ
import Model
import Synchronization
import TestSupport
import Testing

@testable import Throttling

/// Each probe reads the real thing. Where time matters the clock is the test's.
@Suite(.serialized) struct ProbeTests {
    private let start = ContinuousClock.now

    private func at(_ second: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(second)) }

    private func value(_ reading: ThrottleReading) throws -> Double {
        guard case .measured(let value, _) = reading else { throw WaitedInVain("a value, but: \(reading)") }
        return value
    }

    /// Runs a statement that will have to wait, in a session of somebody else, beside `body`.
    private func waiting(_ sql: String, in database: TestDatabase, name: String = "shop", _ body: () throws -> Void)
        throws
    {
        nonisolated(unsafe) let session = try Connection(database.connectionString, applicationName: name)
        let canceller = try session.canceller()
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            _ = try? session.execute(sql)
            ended.signal()
        }
        thread.start()
        defer {
            try? canceller.cancel()
            ended.wait()
        }
        try body()
    }

    @Test func aSessionThatWaitsForALockIsSeen() throws {
        try withDatabase { target in
            let probe = LockWaitProbe(WatchSession(try target.connectionString), limit: 1)
            #expect(try value(probe.read(at: at(0))) == 0)
            let holder = try target.connect()
            try holder.execute("CREATE TABLE t (id int)")
            try holder.execute("BEGIN; LOCK TABLE t")
            try waiting("SELECT FROM t", in: target) {
                // One that was not there at the first reading would count from the second.
                try waitUntil("the wait is seen") {
                    let fresh = LockWaitProbe(WatchSession(try target.connectionString), limit: 1)
                    _ = try fresh.read(at: at(1))
                    return try value(fresh.read(at: at(8))) == 7
                }
            }
            try waiting("SELECT FROM t", in: target, name: "tidegate sync/0") {
                try waitUntil("it waits") {
                    try target.connect().query("SELECT FROM pg_locks WHERE NOT granted").rowCount > 0
                }
                #expect(try value(probe.read(at: at(1))) == 0)
            }
            try holder.execute("ROLLBACK")
            #expect(try value(probe.read(at: at(2))) == 0)
        }
    }

    @Test func sessionsAtWorkAreCountedByARoleWithoutRights() throws {
        try withDatabase { source in
            let session = try source.connect()
            let role = "reader_\(source.name)"
            try session.execute("CREATE ROLE \(role) LOGIN")
            defer { _ = try? session.execute("DROP ROLE \(role)") }
            let probe = SourceSessionsProbe(
                WatchSession(try source.connectionString.with(parameters: ["user": role])), limit: 100)
            let before = try value(probe.read(at: at(0)))
            let others = try (0..<5).map { _ in try source.connect() }
            for other in others { try other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1") }
            // Other tests come and go on the same server.
            try waitUntil("they are counted") { try value(probe.read(at: at(0))) >= 5 }
            #expect(before >= 0)
        }
    }

    @Test func aStreamThatStandsStillFallsBehind() throws {
        try withDatabase { target in
            let session = try target.connect()
            try Migrations().apply(on: session)
            let end = Mutex<Int64>(10)
            let place = TopicPartition(topic: "t", partition: 0)
            let probe = StreamLagProbe(
                WatchSession(try target.connectionString), topics: ["t"],
                logEnds: { _ in [place: PartitionProgress.Bound(low: 0, end: end.withLock { $0 })] }, limit: 10)
            // Nobody has begun to read: no sync was started yet, and there is nothing to yield to.
            #expect(try value(probe.read(at: at(0))) == 0)
            #expect(try value(probe.read(at: at(60))) == 0)
            _ = try Checkpoints(on: session).claim(flow: .forward, partitions: [place], owner: "test")
            #expect(try value(probe.read(at: at(61))) == 0)
            end.withLock { $0 = 20 }
            #expect(try value(probe.read(at: at(75))) == 14)
            try session.execute("UPDATE tidegate.checkpoint SET next_offset = 10")
            #expect(try value(probe.read(at: at(76))) == 1)
            try session.execute("UPDATE tidegate.checkpoint SET next_offset = 20")
            #expect(try value(probe.read(at: at(77))) == 0)
            // What waits for a person is not the load's doing.
            end.withLock { $0 = 30 }
            #expect(try value(probe.read(at: at(78))) == 0)
            #expect(try value(probe.read(at: at(79))) == 1)
            let checkpoint = try #require(try Checkpoints(on: session).find(flow: .forward, topic: "t")[place])
            try Stalls(on: session).note(Stall(.stopped, reason: "42P01", attempts: 1, wait: nil), of: [checkpoint])
            #expect(try value(probe.read(at: at(90))) == 0)
        }
    }

    @Test func aServerThatIsGoneIsAFailedProbeWithItsReason() throws {
        let nowhere = try ConnectionString("postgresql://somebody:hidden@127.0.0.1:1/shop")
        var options = ThrottleOptions(
            ThrottleLimits(), target: nowhere, source: nil, wave: "all", name: "test")
        let state = ThrottleRounds(options).run(at: at(0))
        #expect(state.share == 0)
        #expect(state.reason?.contains("probe failed") == true && state.reason?.contains("127.0.0.1") == true)
        #expect(state.reason?.contains("hidden") == false)
        // The source alone.
        try withDatabase { target in
            try Migrations().apply(on: target.connect())
            options.target = try target.connectionString
            options.source = nowhere
            options.slots = ["s"]
            let rounds = ThrottleRounds(options)
            let state = rounds.run(at: at(0))
            #expect(state.share == 0 && state.factor == .sourceReplicaLag)
        }
    }

    @Test func aRoleThatMayNotWriteTheLedgerIsAFailedProbe() throws {
        try withDatabase { target in
            let session = try target.connect()
            try Migrations().apply(on: session)
            let role = "stranger_\(target.name)"
            try session.execute("CREATE ROLE \(role) LOGIN")
            defer { _ = try? session.execute("DROP ROLE \(role)") }
            let options = ThrottleOptions(
                ThrottleLimits(), target: try target.connectionString.with(parameters: ["user": role]), source: nil,
                wave: "all", name: "test")
            let state = ThrottleRounds(options).run(at: at(0))
            #expect(state.share == 0 && state.factor == .targetLatency)
            #expect(state.reason?.contains("42501") == true, "\(state)")
        }
    }

    @Test func aTargetThatIsSlowToCommitIsNamedAndShownInTheLedger() throws {
        try withDatabase { target in
            let session = try target.connect()
            try Migrations().apply(on: session)
            var limits = ThrottleLimits()
            limits.limits = [.targetLatency: 0.2]
            let rounds = ThrottleRounds(
                ThrottleOptions(
                    limits, target: try target.connectionString, source: nil, wave: "pilot", name: "here/1"))
            try waitUntil("a note at usual speed") { rounds.run(at: at(0)) == .full }
            try session.execute(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_sleep(0.3); RETURN new; END';
                CREATE TRIGGER slow BEFORE UPDATE ON tidegate.throttle FOR EACH ROW EXECUTE FUNCTION slow()
                """)
            let state = rounds.run(at: at(1))
            #expect(state.share == 0.5 && state.factor == .targetLatency)
            try session.execute("DROP TRIGGER slow ON tidegate.throttle")
            _ = rounds.run(at: at(2))
            let shown = try Status(on: session).throttles
            #expect(shown.count == 1 && shown.first?.share == 0.5 && shown.first?.factor == "target_latency")
            #expect(shown.first?.wave == "pilot" && shown.first?.worker == "here/1")
            #expect(shown.first?.reason?.contains("over its limit of 200 ms") == true)
        }
    }

    @Test func livingLoadsKnowOfEachOther() throws {
        try withDatabase { target in
            let session = try target.connect()
            try Migrations().apply(on: session)
            func rounds(_ name: String) throws -> ThrottleRounds {
                ThrottleRounds(
                    ThrottleOptions(
                        ThrottleLimits(), target: try target.connectionString, source: nil, wave: "all", name: name))
            }
            let first = try rounds("a/1")
            _ = first.run(at: at(0))
            #expect(first.loads == 1)
            do {
                let second = try rounds("b/1")
                _ = second.run(at: at(1))
                _ = first.run(at: at(1))
                #expect(first.loads == 2 && second.loads == 2)
                #expect(try Status(on: session).throttles.map(\.worker) == ["a/1", "b/1"])
            }
            try waitUntil("the session of the second has ended") {
                _ = first.run(at: at(2))
                return first.loads == 1
            }
            #expect(try Status(on: session).throttles.map(\.worker) == ["a/1"])
        }
    }
}
