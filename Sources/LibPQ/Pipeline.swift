internal import CLibPQ

/// Statements sent one after the other without waiting for answers.
///
/// Up to each `sync()` (and the one at the end) they are one implicit transaction, unless they open their own. After
/// an error the rest up to the next sync is skipped by the server.
@safe public struct Pipeline {
    private let handle: OpaquePointer
    /// What is queued: true for a statement, false for a sync.
    private(set) var queued: [Bool] = []

    init(_ handle: OpaquePointer) { unsafe self.handle = unsafe handle }

    /// Queues a statement with parameters.
    public mutating func query(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) {
        let list = try ParameterList(parameters)
        let sent = unsafe list.withPointers { values, lengths, formats in
            unsafe PQsendQueryParams(handle, sql, list.count, nil, values, lengths, formats, 0)
        }
        try check(sent)
        queued.append(true)
    }

    /// Queues a prepared statement.
    public mutating func executePrepared(_ name: String, _ parameters: [Parameter] = []) throws(PostgresError) {
        let list = try ParameterList(parameters)
        let sent = unsafe list.withPointers { values, lengths, formats in
            unsafe PQsendQueryPrepared(handle, name, list.count, values, lengths, formats, 0)
        }
        try check(sent)
        queued.append(true)
    }

    /// Queues the preparation of a statement.
    public mutating func prepare(_ name: String, _ sql: String) throws(PostgresError) {
        try check(unsafe PQsendPrepare(handle, name, sql, 0, nil))
        queued.append(true)
    }

    /// Ends a group: what comes after runs although something before has failed.
    public mutating func sync() throws(PostgresError) {
        try check(unsafe PQpipelineSync(handle))
        queued.append(false)
    }

    private func check(_ sent: Int32) throws(PostgresError) {
        guard sent == 1 else {
            throw PostgresError(.connection, unsafe String(cString: PQerrorMessage(handle)))
        }
    }
}
