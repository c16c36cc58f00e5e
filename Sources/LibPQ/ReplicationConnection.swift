internal import CLibPQ

/// A connection in replication mode (`replication=database`), used by one thread at a time.
///
/// After `startReplication` only `receive`, `sendStatus`, `stopReplication` and `close` make sense. LSNs are in bytes.
@safe public final class ReplicationConnection {
    private let connection: Connection

    /// Connects. The role needs the REPLICATION attribute.
    public init(_ string: ConnectionString, applicationName: String) throws(PostgresError) {
        let settings = """
            -c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=1 -c bytea_output=hex \
            -c statement_timeout=0 -c idle_session_timeout=0
            """
        connection = try Connection(
            replication: string.with(parameters: [
                "replication": "database", "application_name": applicationName, "client_encoding": "UTF8",
                "options": settings,
            ]))
    }

    /// Drops the session; a temporary slot goes with it.
    public func close() { connection.close() }

    /// The process number of the server's walsender.
    public var backendPID: Int32 { connection.backendPID }

    /// The server's version as a number: 150020 for 15.20.
    public var serverVersion: Int { connection.serverVersion }

    /// The means to interrupt a command of this connection from another thread: `createSlot` may wait for long.
    public func canceller() throws(PostgresError) -> Canceller { try connection.canceller() }

    /// Asks the server who it is and how far its log is.
    public func identifySystem() throws(PostgresError) -> SystemIdentity {
        let row = try connection.execute("IDENTIFY_SYSTEM")
        guard row.rowCount == 1, let flushed = row[0, 2].flatMap(ReplicationConnection.position) else {
            throw PostgresError(.protocolViolation, "IDENTIFY_SYSTEM has no answer that can be read")
        }
        return SystemIdentity(
            systemIdentifier: row[0, 0] ?? "", timeline: row[0, 1].flatMap(Int.init) ?? 0, flushed: flushed,
            database: row[0, 3])
    }

    /// Makes a logical slot. It waits for the transactions that are in progress to end.
    ///
    /// - Parameters:
    ///   - plugin: the output plugin.
    ///   - isTemporary: whether it goes with this session.
    ///   - exportsSnapshot: whether a snapshot that shows the database at the consistent point is exported.
    /// - Throws: `.server` with 42710 when a slot of this name is there already.
    public func createSlot(
        _ name: String, plugin: String = "pgoutput", isTemporary: Bool = false, exportsSnapshot: Bool = false
    ) throws(PostgresError) -> ReplicationSlot {
        let result = try connection.execute(
            """
            CREATE_REPLICATION_SLOT \(ReplicationConnection.quoted(name)) \(isTemporary ? "TEMPORARY " : "")\
            LOGICAL \(ReplicationConnection.quoted(plugin)) \
            \(exportsSnapshot ? "EXPORT_SNAPSHOT" : "NOEXPORT_SNAPSHOT")
            """)
        guard result.rowCount == 1, let point = result[0, 1].flatMap(ReplicationConnection.position) else {
            throw PostgresError(.protocolViolation, "CREATE_REPLICATION_SLOT has no answer that can be read")
        }
        return ReplicationSlot(name: result[0, 0] ?? name, consistentPoint: point, snapshot: result[0, 2])
    }

    /// Drops a slot, waiting until nobody uses it when told to.
    public func dropSlot(_ name: String, wait: Bool = false) throws(PostgresError) {
        try connection.execute("DROP_REPLICATION_SLOT \(ReplicationConnection.quoted(name))\(wait ? " WAIT" : "")")
    }

    /// Starts the stream of a logical slot. The server starts at the slot's confirmed position when `position` is before it.
    ///
    /// - Throws: `.server` with 55006 while another session uses the slot.
    public func startReplication(
        slot: String, from position: UInt64 = 0, options: KeyValuePairs<String, String>
    ) throws(PostgresError) {
        let list = options.map {
            "\(ReplicationConnection.quoted($0.key)) '\(ReplicationConnection.doubled($0.value, "'"))'"
        }
        let sql = """
            START_REPLICATION SLOT \(ReplicationConnection.quoted(slot)) LOGICAL \
            \(ReplicationConnection.text(position)) (\(list.joined(separator: ", ")))
            """
        guard let pointer = unsafe PQexec(try connection.handle, sql) else { throw connection.lastError(.connection) }
        let result = unsafe Result(pointer)
        guard result.status == PGRES_COPY_BOTH else { throw connection.failure(result) }
    }

    /// Hands over the messages that have come, at most `limit`; when there are none, waits for the first up to `timeout`.
    ///
    /// It goes on reading only while reads bring much: messages that trickle in behind them are left for the next call.
    ///
    /// - Returns: how many messages there were; 0 when the time was over.
    /// - Throws: what `body` throws, `.connection` when the connection broke, `.server` when the server ended the stream.
    public func receive(
        timeout: Duration, limit: Int = .max, _ body: (ReplicationMessage) throws -> Void
    ) throws -> Int {
        let handle = try unsafe connection.handle
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        var count = 0
        var fresh = 0
        while count < limit {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = unsafe PQgetCopyData(handle, &buffer, 1)
            if length > 0 {
                defer { unsafe PQfreemem(buffer) }
                let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: Int(length))
                guard let message = unsafe ReplicationMessage(bytes) else {
                    throw PostgresError(.protocolViolation, "a replication message of a kind that is not known")
                }
                count += 1
                fresh += Int(length)
                try body(message)
            } else if length < 0 {
                throw endOfStream()
            } else {
                if count > 0, fresh < Self.muchData { return count }
                fresh = 0
                let left = count > 0 ? Duration.zero : clock.now.duration(to: deadline)
                let hasMore = SocketWait.ready(unsafe PQsocket(handle), timeout: left)
                if !hasMore && (count > 0 || clock.now >= deadline) { return count }
                guard unsafe PQconsumeInput(handle) == 1 else { throw connection.lastError(.connection) }
            }
        }
        return count
    }

    /// Bytes; of the order of what libpq reads at once.
    private static let muchData = 8192

    /// Tells the server how far we are. What is at or below `flushed` will never be sent again.
    public func sendStatus(
        received: UInt64, flushed: UInt64, applied: UInt64, replyRequested: Bool = false
    ) throws(PostgresError) {
        var message: [UInt8] = [UInt8(ascii: "r")]
        message.reserveCapacity(34)
        // The client's clock is of no use to the server for logical replication.
        for word in [received, flushed, applied, 0] {
            for shift in stride(from: 56, through: 0, by: -8) {
                message.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        message.append(replyRequested ? 1 : 0)
        let handle = try unsafe connection.handle
        let sent = unsafe message.withUnsafeBytes { bytes in
            unsafe PQputCopyData(
                handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        guard unsafe sent == 1 && PQflush(handle) == 0 else { throw connection.lastError(.connection) }
    }

    /// Ends the stream, discarding what is still under way; the connection takes commands again.
    public func stopReplication() throws(PostgresError) {
        let handle = try unsafe connection.handle
        guard unsafe PQputCopyEnd(handle, nil) == 1 else { throw connection.lastError(.connection) }
        try connection.discardCopyOut()
    }

    private func endOfStream() -> PostgresError {
        guard let results = try? connection.drainResults() else {
            return PostgresError(.closed, "the connection was closed")
        }
        for result in results where result.status == PGRES_FATAL_ERROR { return connection.failure(result) }
        let error = connection.lastError(.connection)
        return error.message.isEmpty ? PostgresError(.connection, "the server ended the replication stream") : error
    }
}

extension ReplicationConnection {
    /// An LSN in PostgreSQL's form, two hexadecimal halves.
    static func text(_ position: UInt64) -> String {
        "\(String(position >> 32, radix: 16, uppercase: true))/\(String(position & 0xFFFF_FFFF, radix: 16, uppercase: true))"
    }

    /// Reads PostgreSQL's form of an LSN.
    static func position(_ text: String) -> UInt64? {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let high = UInt32(halves[0], radix: 16), let low = UInt32(halves[1], radix: 16) else {
            return nil
        }
        return UInt64(high) << 32 | UInt64(low)
    }

    static func quoted(_ name: String) -> String { "\"\(doubled(name, "\""))\"" }

    static func doubled(_ text: String, _ quote: Character) -> String {
        text.split(separator: quote, omittingEmptySubsequences: false).joined(separator: "\(quote)\(quote)")
    }
}
