public import Model

/// How far a capture has come.
public struct CaptureProgress: Sendable, Hashable {
    /// What it is doing.
    public enum Phase: String, Sendable {
        /// Connecting, or waiting to try again.
        case connecting
        /// Reading the stream.
        case streaming
        /// Ended, by request or by an error.
        case stopped
    }

    /// What it is doing.
    public var phase = Phase.connecting
    /// Events handed to the producer, tombstones and markers included.
    public var events = 0
    /// Bytes of their values.
    public var bytes = 0
    /// The end of the log that has been read.
    public var received = LSN(rawValue: 0)
    /// Everything before it is acknowledged by the broker and will not be sent again.
    public var confirmed = LSN(rawValue: 0)
    /// The commit time of the last transaction, in microseconds since 1970.
    public var sourceMicros: Int64 = 0
    /// How often the connection to the database or the broker had to be made again.
    public var restarts = 0

    /// Nothing done yet.
    public init() {}
}
