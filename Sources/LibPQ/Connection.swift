internal import CLibPQ

/// One connection to a PostgreSQL server, used by one thread at a time.
///
/// Every call blocks until the server has answered; `canceller()` makes the means to interrupt one from elsewhere.
/// The session speaks UTF-8, ISO dates, `postgres` intervals, UTC, shortest exact floats and hexadecimal bytea.
/// After an error of code `.connection` the connection is dead: `reset()` it or open another one.
@safe public final class Connection {
    private var pointer: OpaquePointer?

    /// Connects.
    ///
    /// Unless the string says otherwise, connecting is given up after 10 seconds for each address, and a silent
    /// network is noticed by TCP keepalives after a minute.
    ///
    /// - Throws: `.connection`, with the server's SQLSTATE when it refused the login.
    public init(_ string: ConnectionString, applicationName: String) throws(PostgresError) {
        let string = string.with(parameters: ["application_name": applicationName, "client_encoding": "UTF8"])
            .withDefaults(Connection.networkDefaults)
        unsafe pointer = try unsafe Connection.open(string)
        do {
            try applySessionSettings()
        } catch {
            close()
            throw error
        }
    }

    /// For the replication protocol, in whose sessions settings come with the connection.
    init(replication string: ConnectionString) throws(PostgresError) {
        unsafe pointer = try unsafe Connection.open(string.withDefaults(Connection.networkDefaults))
    }

    deinit { unsafe pointer.map { unsafe PQfinish($0) } }

    private static let networkDefaults = [
        "connect_timeout": "10", "keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10",
        "keepalives_count": "3",
    ]

    private static let sessionSettings = """
        SET SESSION DateStyle = 'ISO, MDY'; SET SESSION IntervalStyle = 'postgres'; SET SESSION TimeZone = 'UTC'; \
        SET SESSION extra_float_digits = 1; SET SESSION bytea_output = 'hex'; \
        SET SESSION standard_conforming_strings = on
        """

    private func applySessionSettings() throws(PostgresError) { try execute(Connection.sessionSettings) }

    /// The handle, for one call of libpq.
    var handle: OpaquePointer {
        get throws(PostgresError) {
            guard let pointer = unsafe pointer else { throw PostgresError(.closed, "the connection was closed") }
            return unsafe pointer
        }
    }

    /// Drops the session. Later calls throw `.closed`.
    public func close() {
        if let pointer = unsafe pointer { unsafe PQfinish(pointer) }
        unsafe pointer = nil
    }

    /// Connects again with the same parameters; the old session and all its state are gone.
    ///
    /// - Throws: `.connection` when the server is not to be had; the connection may be reset again later.
    public func reset() throws(PostgresError) {
        let handle = try unsafe self.handle
        unsafe PQreset(handle)
        guard unsafe PQstatus(handle) == CONNECTION_OK else { throw lastError(.connection) }
        try applySessionSettings()
    }

    /// Whether the connection is open as far as this side can know without asking the server.
    public var isAlive: Bool {
        guard let pointer = unsafe pointer, unsafe PQstatus(pointer) == CONNECTION_OK else { return false }
        guard transactionStatus != .active else { return true }
        // A server that ends a session says why before it closes: read until there is no more.
        while SocketWait.ready(unsafe PQsocket(pointer), timeout: .zero) {
            guard unsafe PQconsumeInput(pointer) == 1 && PQstatus(pointer) == CONNECTION_OK else { return false }
        }
        return true
    }

    /// The process number of the server's session.
    public var backendPID: Int32 {
        guard let pointer = unsafe pointer else { return 0 }
        return unsafe PQbackendPID(pointer)
    }

    /// The server's version as a number: 150020 for 15.20.
    public var serverVersion: Int {
        guard let pointer = unsafe pointer else { return 0 }
        return Int(unsafe PQserverVersion(pointer))
    }

    /// Whether the session is in a transaction.
    public var transactionStatus: TransactionStatus {
        guard let pointer = unsafe pointer else { return .unknown }
        switch unsafe PQtransactionStatus(pointer) {
        case PQTRANS_IDLE: return .idle
        case PQTRANS_ACTIVE: return .active
        case PQTRANS_INTRANS: return .inTransaction
        case PQTRANS_INERROR: return .inError
        default: return .unknown
        }
    }

    /// The means to interrupt this connection's running statement from another thread.
    public func canceller() throws(PostgresError) -> Canceller {
        guard let cancel = unsafe PQgetCancel(try handle) else { throw PostgresError(.connection, "out of memory") }
        return unsafe Canceller(cancel)
    }

    /// What libpq last complained of on this connection.
    func lastError(_ code: PostgresError.Code) -> PostgresError {
        guard let pointer = unsafe pointer else { return PostgresError(.closed, "the connection was closed") }
        let message = unsafe String(cString: PQerrorMessage(pointer))
        let broken = unsafe PQstatus(pointer) != CONNECTION_OK
        return PostgresError(broken ? .connection : code, message)
    }
}
