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
    /// When each transaction that waits was first seen waiting.
    private var waiting: [String: ContinuousClock.Instant] = [:]

    init(_ session: WatchSession, limit: Double) {
        self.session = session
        self.limit = limit
    }

    func read(at now: ContinuousClock.Instant) throws -> ThrottleReading {
        // How long the server says that one waits (waitstart) is not known before PostgreSQL 14.
        let result = try session.open().query(
            """
            SELECT DISTINCT l.pid || ' ' || l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE NOT l.granted AND a.datname = current_database() AND a.application_name NOT LIKE 'tidegate%'
            """)
        let known = waiting
        waiting = Dictionary(
            result.rows.compactMap { row in row[0].map { ($0, known[$0] ?? now) } },
            uniquingKeysWith: { first, _ in first })
        let longest = waiting.values.map { $0.duration(to: now) }.max() ?? .zero
        return .measured(longest / .seconds(1), limit: limit)
    }
}
