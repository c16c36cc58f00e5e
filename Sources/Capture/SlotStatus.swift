import LibPQ

/// What the server has been told of our progress.
///
/// Confirmed is only what the broker has acknowledged, and, while nothing is open or under way, the server's own
/// position, so that a slot does not hold back the log of a database whose captured tables are idle.
final class SlotStatus {
    private let stream: ReplicationConnection
    private let clock = ContinuousClock()
    private(set) var receivedPosition: UInt64 = 0
    private(set) var confirmedPosition: UInt64
    /// What of it the server has been told.
    private(set) var toldPosition: UInt64
    private var toldAt: ContinuousClock.Instant
    private var keepalivePosition: UInt64 = 0
    private var wantsReply = false

    init(_ stream: ReplicationConnection, confirmed: UInt64) {
        self.stream = stream
        confirmedPosition = confirmed
        toldPosition = confirmed
        toldAt = clock.now
    }

    /// Notes how far the log has been read.
    func received(_ position: UInt64) { receivedPosition = max(receivedPosition, position) }

    /// Notes a sign of life.
    func keepalive(_ position: UInt64, _ wantsReply: Bool) {
        received(position)
        keepalivePosition = position
        self.wantsReply = self.wantsReply || wantsReply
    }

    /// Takes over what the broker has acknowledged, and tells the server when it is time to.
    func confirm(_ position: UInt64, atOnce: Bool = false) throws(PostgresError) {
        confirmedPosition = max(confirmedPosition, position)
        let since = clock.now - toldAt
        let isDue =
            atOnce || wantsReply || since >= .seconds(5)
            || (confirmedPosition > toldPosition && since >= .milliseconds(200))
        guard isDue else { return }
        try stream.sendStatus(
            received: max(receivedPosition, confirmedPosition), flushed: confirmedPosition, applied: confirmedPosition)
        toldPosition = confirmedPosition
        toldAt = clock.now
        wantsReply = false
    }

    /// While nothing is under way: confirms the position of the last sign of life.
    ///
    /// - Returns: what is confirmed now.
    func confirmIdle() throws(PostgresError) -> UInt64 {
        try confirm(keepalivePosition)
        return confirmedPosition
    }
}
