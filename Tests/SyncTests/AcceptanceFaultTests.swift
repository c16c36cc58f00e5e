import Ledger
import LibPQ
import Sync
import TestSupport
import Testing

/// Faults of the broker and of the target that other tools answer with a lost change or a stopped task.
@Suite struct AcceptanceFaultTests {
    private func withItems(_ body: (SyncFixture) throws -> Void) throws {
        try withSync { source, target, broker in
            try body(
                SyncFixture(
                    source, target, broker, tables: "CREATE TABLE item (id bigint PRIMARY KEY, n int)",
                    entities: "  items: { from: public.item, into: public.item, key: [id], fields: same }",
                    topics: ["item": 1], limits: "{ lanes: 1 }"))
        }
    }

    private func write(_ operation: String, _ ids: ClosedRange<Int>, n: Int, _ sync: SyncFixture) throws {
        for id in ids {
            try sync.writer.write(operation, "item", key: #"{"id":\#(id)}"#, after: #"{"id":\#(id),"n":\#(n)}"#)
        }
        try sync.writer.flush()
    }

    /// A9: another session holds the rows in the opposite order; the lane is the one that is told, tries again, and
    /// nothing is set aside.
    @Test func a9DeadlocksAreTriedAgain() throws {
        try withItems { sync in
            try write("c", 1...2, n: 0, sync)
            try sync.applyAll()
            let other = try sync.target.connect()
            let name = try #require(try sync.value("SELECT current_database()"))
            // The lane looks for a deadlock long before the other session would.
            try other.execute("ALTER DATABASE \(name) SET deadlock_timeout = '4s'; SET deadlock_timeout = '30s'")
            let before = try #require(try sync.value(Self.deadlocks))
            var round = 0
            try sync.running { _ in
                // Two events may come in two batches: then there is no deadlock, and another round is needed.
                try waitUntil("a deadlock is counted") {
                    round += 1
                    try crossLocks(with: other, n: round, sync)
                    return try sync.value(Self.deadlocks) != before
                }
            }
            #expect(try sync.sums() == [2 + 2 * round, 2 + 2 * round, 0, 0, 0])
        }
    }

    private func crossLocks(with other: Connection, n: Int, _ sync: SyncFixture) throws {
        try other.execute("BEGIN; UPDATE item SET n = n WHERE id = 2")
        try write("u", 1...2, n: n, sync)
        try waitUntil("the lane waits for the row") { try sync.value(Self.waiting) != "0" }
        do {
            try other.execute("UPDATE item SET n = n WHERE id = 1; COMMIT")
        } catch {
            // On a machine so slow that the lane had looked already, it is the other session that is told.
            guard error.sqlState == .deadlockDetected else { throw error }
            try other.execute("ROLLBACK")
        }
        try waitUntil("both are applied") {
            try sync.rows("SELECT * FROM item ORDER BY id") == ["1|\(n)", "2|\(n)"]
        }
    }

    private static let waiting = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
    private static let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

    /// A20: the broker has dropped what comes next, as its retention does.
    @Test func a20ExpiredOffsetsAreNamedAndNotJumpedOver() throws {
        try withItems { sync in
            try write("c", 1...10, n: 1, sync)
            try sync.applyAll()
            // The embedded broker keeps the newest five megabytes of a partition.
            let large = String(repeating: "x", count: 600_000)
            for _ in 0..<20 {
                try sync.writer.send("item", key: #"{"id":1}"#, value: large)
                try sync.writer.flush()
            }
            try expectStop("expired: offsets 10 to ", sync)
        }
    }

    /// A20: the partition ends before the offset to go on from, as after an election that cut its log off.
    @Test func a20LogsThatWereCutOffAreNamed() throws {
        try withItems { sync in
            try write("c", 1...10, n: 1, sync)
            try sync.applyAll()
            try sync.targetSession.execute("UPDATE tidegate.checkpoint SET next_offset = 1000")
            try expectStop("cut off: the next offset is 1000, and the partition ends at 10", sync)
        }
    }

    private func expectStop(_ reason: String, _ sync: SyncFixture) throws {
        let error = #expect(throws: SyncError.self) { try sync.applyAll() }
        #expect(error?.code == .stopped && error?.message.contains(reason) == true, "\(error as Any)")
        let stalls = try Status(on: sync.targetSession).stalls
        #expect(stalls.count == 1 && stalls.first?.state == "stopped" && stalls.first?.secondsToNextAttempt == nil)
        #expect(stalls.first?.reason.hasPrefix(reason) == true, "\(stalls)")
        #expect(try sync.sums() == [10, 10, 0, 0, 0])
    }
}
