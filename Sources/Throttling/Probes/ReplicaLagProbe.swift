import LibPQ
import Model

/// How far the physical replica of a server that is furthest behind is, and the server itself if it is one.
///
/// The server's own `replay_lag` stays what it was when a replica stands still, so the lag is told from positions.
final class ReplicaLagProbe: Probe {
    let factor: LimitingFactor
    private let session: WatchSession
    private let limit: Double
    private var tracker = LagTracker()

    init(_ factor: LimitingFactor, _ session: WatchSession, limit: Double) {
        self.factor = factor
        self.session = session
        self.limit = limit
    }

    func read(at now: ContinuousClock.Instant) throws -> ThrottleReading {
        // Logical ones, the connector's among them, are senders with a slot of that kind.
        let result = try session.open().query(
            """
            SELECT 'replica ' || r.pid, pg_wal_lsn_diff(e.position, '0/0'),
                pg_wal_lsn_diff(coalesce(r.replay_lsn, r.flush_lsn, r.write_lsn, r.sent_lsn), '0/0')
            FROM pg_stat_replication r,
                (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_flush_lsn() END)
                    AS e (position)
            WHERE r.state IS DISTINCT FROM 'backup' AND NOT EXISTS (
                SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
            UNION ALL
            SELECT 'the server itself', pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0'),
                pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')
            WHERE pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS NOT NULL
            """)
        var longest = Duration.zero
        for row in result.rows {
            guard let replica = row[0], let end = row[1].flatMap({ Int64($0) }),
                let reached = row[2].flatMap({ Int64($0) })
            else {
                throw ProbeError(
                    description: "the server has a replica whose position the role may not see; grant it pg_monitor")
            }
            longest = max(longest, tracker.observe(replica, end: end, reached: reached, at: now))
        }
        return .measured(longest / .seconds(1), limit: limit)
    }
}
