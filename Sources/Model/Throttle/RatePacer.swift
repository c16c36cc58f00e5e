/// Keeps work under a rate whose pieces are known only when they are done: each piece is paid for with the time that it
/// should have taken, before the next one begins.
public struct RatePacer: Sendable {
    private var free: ContinuousClock.Instant?

    /// Nothing done yet.
    public init() {}

    /// Notes a piece of work.
    ///
    /// - Parameter share: the part of the ceiling that is this process's.
    public mutating func spent(
        rows: Int, bytes: Int, under ceiling: RateCeiling, share: Double, at now: ContinuousClock.Instant
    ) {
        let cost = ceiling.seconds(rows: rows, bytes: bytes) / share
        free = max(free ?? now, now).advanced(by: .seconds(cost))
    }

    /// Whether the next piece may begin.
    public func isFree(at now: ContinuousClock.Instant) -> Bool { free.map { $0 <= now } ?? true }

    /// No ceiling is in force any more: nothing is owed.
    public mutating func forgive() { free = nil }
}
