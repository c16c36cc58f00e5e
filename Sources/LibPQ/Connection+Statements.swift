internal import CLibPQ

extension Connection {
    /// Runs one or several statements by the simple protocol; several are one transaction unless they say otherwise.
    ///
    /// - Returns: the last statement's result.
    @discardableResult
    public func execute(_ sql: String) throws(PostgresError) -> Result {
        try unsafe checked(PQexec(try handle, sql))
    }

    /// Runs one statement with parameters by the extended protocol.
    @discardableResult
    public func query(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) -> Result {
        let handle = try unsafe self.handle
        let list = try ParameterList(parameters)
        return try unsafe checked(
            list.withPointers { values, lengths, formats in
                unsafe PQexecParams(handle, sql, list.count, nil, values, lengths, formats, 0)
            })
    }

    /// Prepares a statement under a name, for the life of the session.
    public func prepare(_ name: String, _ sql: String) throws(PostgresError) {
        try unsafe checked(PQprepare(try handle, name, sql, 0, nil))
    }

    /// Runs a prepared statement.
    @discardableResult
    public func executePrepared(_ name: String, _ parameters: [Parameter] = []) throws(PostgresError) -> Result {
        let handle = try unsafe self.handle
        let list = try ParameterList(parameters)
        return try unsafe checked(
            list.withPointers { values, lengths, formats in
                unsafe PQexecPrepared(handle, name, list.count, values, lengths, formats, 0)
            })
    }

    /// Runs `body` between BEGIN and COMMIT; when it throws, rolls back and throws the same.
    ///
    /// - Parameter begin: the statement that opens it, such as `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY`.
    /// - Throws: what `body` throws, or the failure to commit. After an error of code `.connection` from the commit
    ///   itself the outcome is unknown.
    public func transaction<T>(_ begin: String = "BEGIN", _ body: () throws -> T) throws -> T {
        try execute(begin)
        let value: T
        do {
            value = try body()
        } catch {
            // The error that matters is the body's; a rollback that fails leaves a connection that is no longer alive.
            if transactionStatus != .idle { _ = try? execute("ROLLBACK") }
            throw error
        }
        let result = try execute("COMMIT")
        guard result.commandTag == "COMMIT" else {
            throw PostgresError(
                .server, "the transaction had failed and was rolled back", sqlState: .inFailedTransaction)
        }
        return value
    }

    /// Takes over a result of libpq's, throwing what it reports. A statement that opens a COPY is refused and ended.
    @discardableResult
    func checked(_ pointer: OpaquePointer?) throws(PostgresError) -> Result {
        guard let pointer = unsafe pointer else { throw lastError(.protocolViolation) }
        let result = unsafe Result(pointer)
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE: return result
        case PGRES_COPY_IN:
            _ = unsafe PQputCopyEnd(try handle, "not expected here")
            try drainResults()
            throw PostgresError(.usage, "COPY FROM STDIN needs copyIn")
        case PGRES_COPY_OUT:
            try discardCopyOut()
            throw PostgresError(.usage, "COPY TO STDOUT needs copyOut")
        default: throw failure(result)
        }
    }

    /// The error that a result of this connection reports.
    func failure(_ result: Result) -> PostgresError {
        let broken = unsafe (try? handle).map { handle in unsafe PQstatus(handle) != CONNECTION_OK } ?? true
        return PostgresError(result, connectionIsBroken: broken)
    }

    /// Takes all results that are still to come, which ends the statement.
    @discardableResult
    func drainResults() throws(PostgresError) -> [Result] {
        let handle = try unsafe self.handle
        var results: [Result] = []
        while let pointer = unsafe PQgetResult(handle) {
            results.append(unsafe Result(pointer))
            // A dead connection would report the same for ever.
            if unsafe PQstatus(handle) != CONNECTION_OK { break }
        }
        return results
    }
}
