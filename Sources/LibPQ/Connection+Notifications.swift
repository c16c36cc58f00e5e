internal import CLibPQ

extension Connection {
    /// Subscribes this session to a channel.
    public func listen(_ channel: String) throws(PostgresError) {
        try execute(
            "LISTEN \"\(channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"")
    }

    /// The notifications that have come; when there are none, waits for the first up to `timeout`.
    ///
    /// - Throws: `.connection` when the connection broke.
    public func notifications(waitingUpTo timeout: Duration) throws(PostgresError) -> [Notification] {
        let handle = try unsafe self.handle
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while true {
            guard unsafe PQconsumeInput(handle) == 1 else { throw lastError(.connection) }
            var found: [Notification] = []
            while let notify = unsafe PQnotifies(handle) {
                unsafe found.append(
                    Notification(
                        channel: String(cString: notify.pointee.relname),
                        payload: notify.pointee.extra.map { unsafe String(cString: $0) } ?? "",
                        senderPID: notify.pointee.be_pid))
                unsafe PQfreemem(notify)
            }
            let left = clock.now.duration(to: deadline)
            if !found.isEmpty || left <= .zero { return found }
            _ = SocketWait.ready(unsafe PQsocket(handle), timeout: left)
        }
    }
}
