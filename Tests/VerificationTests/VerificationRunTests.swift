import Foundation
import Ledger
import LibPQ
import Model
import StreamSupport
import Synchronization
import TestSupport
import Testing
import Verification

/// Runs that stop, go on, and look only at what has changed.
@Suite(.serialized) struct VerificationRunTests {
    private func withLoaded(_ count: Int, _ body: (StreamedFixture, Connection) throws -> Void) throws {
        try withStream(
            tables: LiveVerificationTests.rows(count),
            targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(LiveVerificationTests.columns))",
            entities: LiveVerificationTests.entity, waves: "{ all: { t: all } }"
        ) { fixture in
            try fixture.load("all")
            try body(fixture, try fixture.target.connect())
        }
    }

    @Test("V3: a budget, a lock timeout, and no snapshot for longer than a range")
    func v3() throws {
        try withLoaded(20_000) { fixture, target in
            // Out of time: what is left is unproven, and the same verification goes on.
            let seen = Mutex(0)
            let first = try fixture.verify { options in
                options.workers = 1
                options.budget = .milliseconds(400)
                options.report = { event in
                    guard case .certified = event else { return }
                    seen.withLock { $0 += 1 }
                    Thread.sleep(forTimeInterval: 0.15)
                }
            }
            #expect(first.verdict == .unproven && first.rangesLeft > 0 && seen.withLock { $0 } > 0)
            let writes = HotKeys(fixture.source, keys: 20_000, rate: 500, "UPDATE t SET count = count + 1 WHERE id = #")
            let second = try fixture.verify()
            try writes.stop()
            #expect(second.verification == first.verification && second.rangesLeft == 0 && second.drifted == 0)
            let certificates = try target.query(
                "SELECT count(*), count(DISTINCT snapshot::text) FROM tidegate.certificate")
            #expect(certificates[0, 1].flatMap { Int($0) } ?? 0 > 10, "each range has a snapshot of its own")

            // A lock that is not to be had makes ranges unproven, and nobody waits for us.
            try fixture.drain()
            let other = try fixture.target.connect()
            try other.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
            let blocked = try fixture.verify { $0.lockTimeout = .milliseconds(50) }
            try other.execute("ROLLBACK")
            #expect(blocked.verdict == .unproven && blocked.reasons.contains { $0.contains("lock") })
            // A statement that takes longer than its limit, too.
            let limited = try fixture.verify { $0.statementTimeout = .milliseconds(1) }
            #expect(limited.verdict != .drift)
            #expect(try fixture.verify().verdict == .equal)
        }
    }

    @Test func aRunThatWasStoppedGoesOnAndTwoAreNotAtItAtOnce() throws {
        try withLoaded(20_000) { fixture, _ in
            let certified = Mutex(0)
            let isRefused = Mutex(true)
            #expect(throws: VerificationError.self) {
                try fixture.verify { options in
                    options.workers = 1
                    options.shouldStop = { certified.withLock { $0 } >= 3 }
                    options.report = { event in
                        guard case .certified = event else { return }
                        certified.withLock { $0 += 1 }
                        if (try? fixture.verify()) != nil { isRefused.withLock { $0 = false } }
                    }
                }
            }
            #expect(isRefused.withLock { $0 }, "two are at it at once")
            let again = Mutex(0)
            let outcome = try fixture.verify { options in
                options.report = { event in if case .certified = event { again.withLock { $0 += 1 } } }
            }
            #expect(outcome.verdict == .equal)
            let all = outcome.entities[0].summary.ranges.values.reduce(0, +)
            #expect(again.withLock { $0 } == all - 3)
        }
    }

    @Test func onlyWhatHasChangedIsLookedAtAgain() throws {
        try withLoaded(20_000) { fixture, target in
            let source = try Connection(fixture.source, applicationName: "test")
            #expect(try fixture.verify().verdict == .equal)
            func ranges(_ change: (inout VerifyOptions) -> Void = { _ in }) throws -> (
                compared: Int, outcome: VerifyOutcome
            ) {
                let compared = Mutex(0)
                let outcome = try fixture.verify { options in
                    options.onlyDirty = true
                    options.report = { event in if case .certified = event { compared.withLock { $0 += 1 } } }
                    change(&options)
                }
                return (compared.withLock { $0 }, outcome)
            }
            #expect(try ranges().compared == 0, "nothing has changed")
            // An update, an insert, a delete and a change of key in five ranges far apart.
            try source.execute(
                """
                UPDATE t SET count = 7 WHERE id = 150; DELETE FROM t WHERE id = 5000; INSERT INTO t VALUES (-1, 0);
                UPDATE t SET id = 30000 WHERE id = 10000
                """)
            try fixture.drain()
            let marked = try target.query("SELECT count(*) FROM tidegate.dirty").scalar.flatMap { Int($0) } ?? 0
            #expect((4...5).contains(marked))
            let (compared, outcome) = try ranges()
            #expect(compared == marked && outcome.verdict == .equal, "\(outcome.keys())")
            #expect(outcome.entities[0].summary.ranges["equal"] ?? 0 > 20, "the others keep their certificates")
            #expect(try target.query("SELECT count(*) FROM tidegate.dirty").scalar == "0")
            // What the stream has not done is not in its marks: only a whole run finds it.
            try target.execute("UPDATE t SET count = 8 WHERE id = 6000")
            #expect(try ranges().outcome.verdict == .equal)
            #expect(try fixture.verify().keys() == [.different: ["6000"]])
            #expect(try ranges().outcome.verdict == .drift, "a range that was not equal is looked at again")
        }
    }

    @Test func withoutAStreamADifferenceIsNeitherDriftNorEqual() throws {
        try withLoaded(500) { fixture, target in
            try target.execute("UPDATE t SET count = 8 WHERE id = 400")
            let outcome = try fixture.verify { options in
                options.slots = ["no_such_slot"]
                options.patience = .milliseconds(300)
            }
            #expect(outcome.verdict == .unproven && outcome.keys() == [.unproven: ["400"]])
            #expect(outcome.reasons.first?.contains("no_such_slot") == true)
            struct NoAnswer: Error {}
            let deaf = try fixture.verify { options in
                options.logEnds = { _ in throw NoAnswer() }
                options.patience = .milliseconds(300)
            }
            #expect(deaf.verdict == .unproven && deaf.reasons.first?.contains("NoAnswer") == true)
        }
    }

    @Test func repairUnderLiveWritesLosesNothing() throws {
        try withLoaded(5_000) { fixture, target in
            let writes = HotKeys(
                fixture.source, keys: 200, rate: 800, "UPDATE t SET count = count + 1, name = 'hot %' WHERE id = #")
            for round in 0..<4 {
                try target.execute(
                    """
                    UPDATE t SET large = 'x' WHERE id BETWEEN \(round * 10) AND \(round * 10 + 9);
                    DELETE FROM t WHERE id BETWEEN \(1000 + round * 10) AND \(1009 + round * 10);
                    INSERT INTO t SELECT 9000 + i, 1 FROM generate_series(\(round * 10), \(round * 10 + 9)) i
                    """)
                _ = try fixture.verify { options in
                    options.repairs = true
                    options.patience = .seconds(3)
                }
            }
            try writes.stop()
            try fixture.drain()
            _ = try fixture.verify { $0.repairs = true }
            #expect(try fixture.verify().verdict == .equal)
            #expect(try fixture.differences(LiveVerificationTests.query).isEmpty)
        }
    }
}
