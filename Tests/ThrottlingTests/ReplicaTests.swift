import LibPQ
import Model
import Sandbox
import TestSupport
import Testing

@testable import Throttling

/// The lag of a real standby.
@Suite(.serialized) struct ReplicaTests {
    @Test func aStandbyThatDoesNotReplayFallsBehindByTheSecond() throws {
        let primary = try PostgresCluster()
        defer { primary.destroy() }
        let standby = try PostgresCluster(standbyOf: primary)
        defer { standby.destroy() }
        let session = try Connection(primary.connectionString(), applicationName: "test")
        // The connector is no replica, however far it is behind.
        try session.query("SELECT pg_create_logical_replication_slot('connector', 'test_decoding')")
        try session.execute("CREATE TABLE t (id int)")
        let replica = try Connection(standby.connectionString(), applicationName: "test")
        let start = ContinuousClock.now
        let probe = ReplicaLagProbe(.sourceReplicaLag, WatchSession(try primary.connectionString()), limit: 30)
        let itself = ReplicaLagProbe(.sourceReplicaLag, WatchSession(try standby.connectionString()), limit: 30)
        func lag(_ probe: ReplicaLagProbe, _ second: Int) throws -> Double {
            guard case .measured(let value, _) = try probe.read(at: start.advanced(by: .seconds(second))) else {
                return -1
            }
            return value
        }
        try waitUntil("the standby is there and has replayed all") {
            let there = try session.query("SELECT FROM pg_stat_replication WHERE state = 'streaming'").rowCount == 1
            return try there && lag(probe, 0) == 0
        }
        try replica.query("SELECT pg_wal_replay_pause()")
        try session.execute("INSERT INTO t SELECT generate_series(1, 1000)")
        try waitUntil("the lag is seen") {
            _ = try (lag(probe, 10), lag(itself, 10))
            return try lag(probe, 50) >= 40 && lag(itself, 50) >= 40
        }
        try replica.query("SELECT pg_wal_replay_resume()")
        try waitUntil("the standby has replayed all") { try lag(probe, 51) == 0 && lag(itself, 51) == 0 }

        // Without the right to see it nobody can tell.
        try session.execute("CREATE ROLE stranger LOGIN")
        let blind = ReplicaLagProbe(
            .sourceReplicaLag, WatchSession(try primary.connectionString().with(parameters: ["user": "stranger"])),
            limit: 30)
        let error = #expect(throws: ProbeError.self) { try lag(blind, 60) }
        #expect(error?.description.contains("grant it pg_monitor") == true)
        try session.execute("GRANT pg_monitor TO stranger")
        #expect(try lag(blind, 61) == 0)
    }
}
