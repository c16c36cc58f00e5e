/// Where a change stands in its source's log. Positions of one partition only ever grow, but for redelivery.
///
/// PostgreSQL: the pair in the event's `source.sequence`, the last commit's LSN and then the change's own, null read
/// as 0. `source.lsn` alone goes backwards between overlapping transactions, and several changes may share a position
/// (rows of one COPY). MySQL and MariaDB: number of the log file, place in it, row in the event.
/// Snapshot rows have no position.
public struct SourcePosition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// PostgreSQL: the LSN of the last commit before the change. MySQL: the number at the end of the log file's name.
    public let major: UInt64
    /// PostgreSQL: the LSN of the change. MySQL: the offset in the log file.
    public let minor: UInt64
    /// MySQL: the row within the log event. PostgreSQL: 0.
    public let row: UInt32

    /// A position from its parts, the most significant first.
    public init(major: UInt64, minor: UInt64, row: UInt32 = 0) {
        self.major = major
        self.minor = minor
        self.row = row
    }

    public var description: String { "\(major):\(minor):\(row)" }

    /// Reads what `description` wrote.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let major = UInt64(parts[0]), let minor = UInt64(parts[1]), let row = UInt32(parts[2])
        else { return nil }
        self.init(major: major, minor: minor, row: row)
    }

    public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.major, left.minor, left.row) < (right.major, right.minor, right.row)
    }
}
