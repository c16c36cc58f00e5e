internal import CLibPQ

extension Connection {
    /// Sends the statements that `body` queues without waiting in between, then takes all the answers.
    ///
    /// When `body` throws, what it queued since the last sync is made to fail, and its error is thrown. In each case the
    /// connection is usable afterwards; an explicit transaction that the statements opened is left to the caller.
    ///
    /// - Returns: one result for each statement, in order.
    /// - Throws: what `body` throws, or the first error of a statement.
    @discardableResult
    public func pipeline(_ body: (inout Pipeline) throws -> Void) throws -> [Result] {
        let handle = try unsafe self.handle
        guard unsafe PQenterPipelineMode(handle) == 1 else { throw lastError(.usage) }
        defer { _ = unsafe PQexitPipelineMode(handle) }
        var pipeline = unsafe Pipeline(handle)
        do {
            try body(&pipeline)
        } catch {
            // Not SQL: the server fails it, and with it the implicit transaction that the sync would commit.
            if pipeline.queued.last == true { _ = try? pipeline.query("abandoned by the client") }
            _ = try? pipeline.sync()
            _ = try? results(of: pipeline.queued)
            throw error
        }
        if pipeline.queued.last != false { try pipeline.sync() }
        return try results(of: pipeline.queued)
    }

    private func results(of queued: [Bool]) throws(PostgresError) -> [Result] {
        let handle = try unsafe self.handle
        var results: [Result] = []
        var failed: PostgresError?
        for isStatement in queued {
            guard let pointer = unsafe PQgetResult(handle) else { throw lastError(.connection) }
            let result = unsafe Result(pointer)
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: results.append(result)
            case PGRES_PIPELINE_SYNC, PGRES_PIPELINE_ABORTED: break
            default: failed = failed ?? failure(result)
            }
            if unsafe PQstatus(handle) != CONNECTION_OK { break }
            // Each statement's results end with a null; a sync's does not.
            if isStatement { _ = unsafe PQgetResult(handle).map { unsafe PQclear($0) } }
        }
        if let failed { throw failed }
        if unsafe PQstatus(handle) != CONNECTION_OK { throw lastError(.connection) }
        return results
    }
}
