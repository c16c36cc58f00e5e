import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Sandbox
import StreamSupport
import Synchronization
import TestSupport
import Testing

/// B1: commits that are in the log, and so in the stream, but not yet visible to anybody's snapshot. A synchronous
/// standby that does not answer holds them exactly there.
@Suite(.serialized) struct StalledCommitTests {
    /// Runs `body` with everything running on a source whose commits can be stalled.
    private func withStallableSource(_ body: (StreamedFixture, Stall) throws -> Void) throws {
        var configuration = PostgresCluster.Configuration()
        configuration.settings = ["synchronous_commit": "local"]
        let cluster = try PostgresCluster(configuration)
        defer { cluster.destroy() }
        try cluster.createDatabase("shop")
        try withDatabase { target in
            try withBroker { broker in
                let fixture = try StreamedFixture(
                    source: cluster.connectionString(database: "shop"),
                    sourceName: cluster.dataSourceName(database: "shop"), target: target, broker: broker,
                    tables: HandoverTests.rows(2_000),
                    targetTables: "CREATE TABLE t (id bigint PRIMARY KEY, \(HandoverTests.columns))",
                    entities: HandoverTests.entity, waves: HandoverTests.all, topics: ["t": 2],
                    limits: "{ lanes: 2, load_workers: 2, source_connections: 2, chunk_bytes: 65536 }")
                let stall = try Stall(fixture.source)
                defer {
                    try? stall.release()
                    fixture.close()
                }
                try body(fixture, stall)
            }
        }
    }

    @Test func b1CommitsThatTheStreamShowsBeforeTheyAreVisibleAreWaitedFor() throws {
        try withStallableSource { fixture, stall in
            try stall.commit(fixture)
            let target = try fixture.target.connect()
            try waitUntil("the stream has skipped the stalled commit", within: .seconds(60)) {
                try Status(on: target).totals(flow: "forward").skippedBy["pending"] ?? 0 >= 3
            }
            let outcome = Mutex<(any Error)?>(nil)
            let isDone = Mutex(false)
            fixture.start("load") {
                do { try fixture.load("all") } catch { outcome.withLock { $0 = error } }
                isDone.withLock { $0 = true }
            }
            try waitUntil("the load says whom it waits for", within: .seconds(20)) {
                if let error = outcome.withLock({ $0 }) { throw error }
                return fixture.events.withLock { events in
                    events.contains { event in
                        if case .waiting(let whom) = event { whom.contains("stalled writer") } else { false }
                    }
                }
            }
            #expect(try target.query("SELECT count(*) FROM tidegate.chunk").scalar == "0")
            try stall.release()
            try waitUntil("the load ends", within: .seconds(60)) { isDone.withLock { $0 } }
            #expect(outcome.withLock { $0 } == nil)
            try check(fixture)
        }
    }

    @Test func b1CommitsThatStallWhileChunksAreReadStayNewer() throws {
        try withStallableSource { fixture, stall in
            let stalled = Mutex(false)
            let target = try fixture.target.connect()
            let before = try target.query("SELECT coalesce(sum(applied), 0)::int FROM tidegate.checkpoint").scalar
            #expect(before == "0")
            let seen = Mutex<(any Error)?>(nil)
            let isDone = Mutex(false)
            fixture.start("load") {
                do {
                    try fixture.load("all") { options in
                        options.pause = { point in
                            guard point == .afterPlan, !stalled.withLock({ $0 }) else { return }
                            stalled.withLock { $0 = true }
                            try stall.commit(fixture)
                            let target = try fixture.target.connect()
                            try waitUntil("the stream has applied the stalled commit", within: .seconds(60)) {
                                try target.query("SELECT count(*) FROM tidegate.touched").scalar == "3"
                            }
                        }
                    }
                } catch { seen.withLock { $0 = error } }
                isDone.withLock { $0 = true }
            }
            // All chunks are merged while nobody but the stream has seen the commit.
            try waitUntil("the chunks are merged", within: .seconds(60)) {
                try target.query(
                    "SELECT count(*) > 0 AND bool_and(state = 'merged') FROM tidegate.chunk"
                ).scalar == "t"
            }
            let rows = try target.query("SELECT id, version FROM t WHERE id IN (5, 6, 90001) ORDER BY id").rows
            #expect(rows.map { "\($0[0] ?? "") \($0[1] ?? "")" } == ["5 7", "90001 1"])
            try stall.release()
            try waitUntil("the load ends", within: .seconds(60)) { isDone.withLock { $0 } }
            #expect(seen.withLock { $0 } == nil)
            try check(fixture)
        }
    }

    private func check(_ fixture: StreamedFixture) throws {
        try fixture.drain()
        let differences = try fixture.differences(HandoverTests.query)
        #expect(differences.isEmpty, "\(differences.prefix(8))")
        #expect(try fixture.accountingHolds())
        let rows = try fixture.target.connect().query("SELECT version FROM t WHERE id IN (5, 90001) ORDER BY id").rows
        #expect(rows.map { $0[0] } == ["7", "1"])
    }
}

/// A commit that hangs between the log and visibility.
private final class Stall: Sendable {
    private let source: ConnectionString

    init(_ source: ConnectionString) throws {
        self.source = source
        try set("a standby that is not there")
    }

    private func set(_ standbys: String) throws {
        let connection = try Connection(source, applicationName: "test")
        try connection.execute(
            "ALTER SYSTEM SET synchronous_standby_names = '\(standbys.isEmpty ? "" : "\"\(standbys)\"")'")
        try connection.execute("SELECT pg_reload_conf()")
        try waitUntil("the setting is in force", within: .seconds(60)) {
            let now = try Connection(source, applicationName: "test").query("SHOW synchronous_standby_names").scalar
            return (now ?? "").isEmpty == standbys.isEmpty
        }
    }

    /// Updates 5, deletes 6, inserts 90001 in a transaction that commits on a thread of its own, and waits until it hangs.
    func commit(_ fixture: StreamedFixture) throws {
        let source = source
        fixture.start("stalled writer") {
            let connection = try Connection(source, applicationName: "stalled writer")
            try connection.execute("SET synchronous_commit = on")
            try connection.transaction {
                try connection.execute("UPDATE t SET version = 7 WHERE id = 5")
                try connection.execute("DELETE FROM t WHERE id = 6")
                try connection.execute("INSERT INTO t VALUES (90001, 'EU', 1, 'new')")
            }
        }
        let connection = try Connection(source, applicationName: "test")
        try waitUntil("the commit hangs", within: .seconds(60)) {
            try connection.query(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stalled writer' AND wait_event = 'SyncRep'"
            ).scalar == "1"
        }
    }

    /// Lets all commits go on.
    func release() throws { try set("") }
}
