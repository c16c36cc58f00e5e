import LibPQ
import Model

/// How long somebody else's session in the target's database has been waiting for a lock.
///
/// Lanes and merges wait for each other as a matter of course, which shows as the stream's lag where it matters: sessions of
/// Tidegate's do not count. `pg_locks` and the names of sessions are for everybody to see.
final class LockWaitProbe: Probe {
    let factor = LimitingFactor.lockWait
    private let session: WatchSession
    private let limit: Double

    init(_ session: WatchSession, limit: Double) {
        self.session = session
        self.limit = limit
    }

    func read(at now: ContinuousClock.Instant) throws -> ThrottleReading {
        let longest = try session.open().query(
            """
            SELECT coalesce(extract(epoch FROM clock_timestamp() - min(l.waitstart)), 0)
            FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE NOT l.granted AND a.datname = current_database() AND a.application_name NOT LIKE 'tidegate%'
            """
        ).scalar.flatMap { Double($0) }
        guard let longest else { throw ProbeError(description: "pg_locks gave no answer") }
        return .measured(max(0, longest), limit: limit)
    }
}
