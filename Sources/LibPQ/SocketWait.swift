#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Waits for a connection's socket.
enum SocketWait {
    /// Blocks until the socket can be read (or written) or `timeout` is over; nil waits without end. An interruption by
    /// a signal counts as an early end, so the caller looks at its own clock.
    ///
    /// - Returns: whether the socket is ready or has failed, so that a read would not block.
    static func ready(_ socket: Int32, writing: Bool = false, timeout: Duration?) -> Bool {
        guard socket >= 0 else { return true }
        var entry = pollfd(fd: socket, events: Int16(writing ? POLLOUT : POLLIN), revents: 0)
        let milliseconds = timeout.map { Int32(clamping: max(0, $0.inMilliseconds)) } ?? -1
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}

extension Duration {
    /// Whole milliseconds, rounded up so that a short wait is not a busy one.
    var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return whole + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
