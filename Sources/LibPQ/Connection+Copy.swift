internal import CLibPQ

extension Connection {
    /// Runs a `COPY ... FROM STDIN`, with the data that `body` writes.
    ///
    /// When `body` throws, the COPY is aborted, none of its rows stay, and the connection is usable; within a
    /// transaction that has then failed, as after any error.
    ///
    /// - Returns: the number of rows.
    /// - Throws: what `body` throws, or the server's error, which comes at the end of the data.
    @discardableResult
    public func copyIn(_ sql: String, _ body: (inout CopyInWriter) throws -> Void) throws -> Int {
        let handle = try unsafe self.handle
        try begin(sql, expecting: PGRES_COPY_IN)
        var writer = unsafe CopyInWriter(handle)
        do {
            try body(&writer)
        } catch {
            _ = unsafe PQputCopyEnd(handle, "the sender gave up")
            _ = try? drainResults()
            // A write fails when the connection breaks; what the server said before is the better reason.
            throw error
        }
        guard unsafe PQputCopyEnd(handle, nil) == 1 else {
            let error = lastError(.connection)
            _ = try? drainResults()
            throw error
        }
        return try finishCopy()
    }

    /// Runs a `COPY ... TO STDOUT`, giving each row (in binary format, each message) to `body`, valid during the call.
    ///
    /// When `body` throws, the statement is cancelled, the rest is discarded and the connection is usable.
    ///
    /// - Returns: the number of rows.
    @discardableResult
    public func copyOut(_ sql: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
        let handle = try unsafe self.handle
        try begin(sql, expecting: PGRES_COPY_OUT)
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = unsafe PQgetCopyData(handle, &buffer, 0)
            if length < 0 {
                guard length == -1 else { throw lastError(.protocolViolation) }
                return try finishCopy()
            }
            defer { unsafe PQfreemem(buffer) }
            do {
                try unsafe body(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
            } catch {
                try? canceller().cancel()
                try? discardCopyOut()
                throw error
            }
        }
    }

    private func begin(_ sql: String, expecting status: ExecStatusType) throws(PostgresError) {
        guard let pointer = unsafe PQexec(try handle, sql) else { throw lastError(.connection) }
        let result = unsafe Result(pointer)
        if result.status == status { return }
        // An error, or another statement than was promised.
        if result.status == PGRES_COPY_IN {
            _ = unsafe PQputCopyEnd(try handle, "not expected here")
            try drainResults()
        } else if result.status == PGRES_COPY_OUT {
            try discardCopyOut()
        } else if result.status != PGRES_COMMAND_OK && result.status != PGRES_TUPLES_OK {
            throw failure(result)
        }
        throw PostgresError(.usage, "not a COPY of the direction that was asked for")
    }

    private func finishCopy() throws(PostgresError) -> Int {
        let results = try drainResults()
        for result in results where result.status != PGRES_COMMAND_OK { throw failure(result) }
        return results.last?.affectedRows ?? 0
    }

    /// Reads the rest of a COPY TO STDOUT away.
    func discardCopyOut() throws(PostgresError) {
        let handle = try unsafe self.handle
        var buffer: UnsafeMutablePointer<CChar>?
        while unsafe PQgetCopyData(handle, &buffer, 0) > 0 { unsafe PQfreemem(buffer) }
        try drainResults()
    }
}
