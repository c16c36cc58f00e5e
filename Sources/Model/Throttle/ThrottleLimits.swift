/// The playbook's `limits.throttle`: what holds loads back, beginning where.
public struct ThrottleLimits: Hashable, Sendable {
    /// The limit of each factor that is watched, in its unit.
    public var limits: [LimitingFactor: Double] = [
        .streamLag: 10, .targetLatency: 1, .lockWait: 1, .targetReplicaLag: 30, .sourceReplicaLag: 30,
        .sourceSessions: 100, .slotRetained: 10 * 1_073_741_824,
    ]
    /// Ceilings of the rate by time of the day.
    public var windows: [RateWindow] = []
    /// The time zone of the windows, by its name in the IANA database.
    public var timeZone = "UTC"

    /// The limits of a playbook that names none.
    public init() {}

    /// What the rate may be at a minute of the day; nil for anything. Of several windows the least counts.
    public func ceiling(atMinute minute: Int) -> RateCeiling? {
        let open = windows.filter { $0.contains(minute) }.map(\.ceiling)
        guard !open.isEmpty else { return nil }
        return RateCeiling(rows: open.compactMap(\.rows).min(), bytes: open.compactMap(\.bytes).min())
    }
}
