import LibPQ
import Model

/// Sessions of others that are at work on the source: those with a snapshot or a transaction number, which everybody may
/// see, where the state of a session is hidden from a role without pg_read_all_stats.
final class SourceSessionsProbe: Probe {
    let factor = LimitingFactor.sourceSessions
    private let session: WatchSession
    private let limit: Double

    init(_ session: WatchSession, limit: Double) {
        self.session = session
        self.limit = limit
    }

    func read(at now: ContinuousClock.Instant) throws -> ThrottleReading {
        let count = try session.open().query(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE usesysid IS NOT NULL AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
                AND pid <> pg_backend_pid() AND application_name NOT LIKE 'tidegate%'
            """
        ).scalar.flatMap { Double($0) }
        guard let count else { throw ProbeError(description: "pg_stat_activity gave no answer") }
        return .measured(count, limit: limit)
    }
}
