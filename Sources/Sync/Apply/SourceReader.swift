internal import LibPQ
internal import Model
internal import Playbook

/// What a lane asks the source itself: rows that an event did not bring in full, and whether a row is in a scope that
/// only its parent can tell. Opened at the first question.
final class SourceReader {
    private let source: ConnectionString
    private var connection: Connection?
    private let keysPerStatement = 500
    /// How long transactions are waited for while other lanes must wait too.
    private let patience = Duration.seconds(5)

    init(_ source: ConnectionString) { self.source = source }

    /// Reads rows by key, as COPY text, the source's columns in order.
    ///
    /// - Parameter transactions: what must be visible when they are read: the events that made the question.
    /// - Throws: `SyncError` of code `notVisible`.
    func rows(
        of entity: CompiledEntity, keys: [[String]], seeing transactions: Set<UInt32>,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try perform(seeing: transactions) { connection in
            for part in parts(keys) {
                let select = "SELECT \(entity.statements.sourceSelectList) FROM \(entity.statements.sourceTable)"
                try connection.copyOut("COPY (\(select) WHERE \(isAmong(part, entity))) TO STDOUT", body)
            }
        }
    }

    /// Those of the keys whose rows are in one of the scopes now, as array literals.
    ///
    /// - Parameter transactions: what must be visible when that is looked up: the events that made the question.
    /// - Throws: `SyncError` of code `notVisible`.
    func keysInScope(
        _ scopes: [CompiledScope], of entity: CompiledEntity, keys: [[String]], seeing transactions: Set<UInt32>
    ) throws -> [String] {
        try perform(seeing: transactions) { connection in
            var found: [String] = []
            let inside = scopes.map { "(\($0.sourcePredicate))" }.joined(separator: " OR ")
            for part in parts(keys) {
                let result = try connection.query(
                    """
                    SELECT \(entity.statements.sourceKeyText) FROM \(entity.statements.sourceTable) \
                    WHERE \(isAmong(part, entity)) AND (\(inside))
                    """)
                found += result.rows.compactMap { $0[0] }
            }
            return found
        }
    }

    /// Reads all rows of a table, as COPY text, everything but their keys left null, in a snapshot that sees all that the
    /// stream can have shown until now.
    ///
    /// - Throws: `SyncError` of code `notVisible` when transactions go on for longer than a lane may hold what it has.
    func keysOfAllRows(of entity: CompiledEntity, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let columns = entity.sourceColumns.indices.map { column in
            entity.sourceKey.firstIndex(of: column).map { entity.statements.sourceKeyList[$0] } ?? "NULL"
        }
        try perform { connection in
            try waitForTransactions(connection, of: entity)
            _ = try connection.copyOut(
                "COPY (SELECT \(columns.joined(separator: ", ")) FROM \(entity.statements.sourceTable)) TO STDOUT", body
            )
        }
    }

    /// Waits until every transaction in progress has ended: its commit may have been streamed and not be visible yet.
    private func waitForTransactions(_ connection: Connection, of entity: CompiledEntity) throws {
        let transactions = SourceTransactions(on: connection)
        var open = try transactions.inProgress()
        let deadline = ContinuousClock.now + patience
        while true {
            open = try transactions.notEnded(of: open)
            if open.isEmpty { return }
            guard ContinuousClock.now < deadline else {
                throw SyncError(
                    .notVisible,
                    """
                    \(entity.source) was truncated, and what the source still has can be told only when older transactions \
                    have ended: \(try transactions.describe(open))
                    """)
            }
            try connection.query("SELECT pg_sleep(0.005)")
        }
    }

    /// Runs `body` in one snapshot that sees some transactions.
    ///
    /// The stream shows a commit before other sessions see it: what is read before that is from before the event.
    private func perform<Outcome>(
        seeing transactions: Set<UInt32>, _ body: (Connection) throws -> Outcome
    ) throws -> Outcome {
        try perform { connection in
            for _ in 0..<100 {
                let outcome = try connection.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") {
                    () -> Outcome? in
                    let text = try connection.query("SELECT pg_current_snapshot()").scalar
                    let snapshot = text.flatMap { TransactionSnapshot($0) }
                    let isVisible = transactions.allSatisfy { transaction in
                        snapshot.map { $0.sees($0.fullTransactionID(transaction)) } ?? false
                    }
                    return isVisible ? try body(connection) : nil
                }
                if let outcome { return outcome }
                try connection.query("SELECT pg_sleep(0.005)")
            }
            throw SyncError.notVisibleYet
        }
    }

    private func perform<Outcome>(_ body: (Connection) throws -> Outcome) throws -> Outcome {
        let open = try connection ?? Connection(source, applicationName: "tidegate sync")
        connection = nil
        let outcome = try body(open)
        connection = open
        return outcome
    }

    private func parts(_ keys: [[String]]) -> [ArraySlice<[String]>] {
        stride(from: 0, to: keys.count, by: keysPerStatement).map { keys[$0..<min($0 + keysPerStatement, keys.count)] }
    }

    /// Literals without a type take that of the column they are compared with.
    private func isAmong(_ keys: ArraySlice<[String]>, _ entity: CompiledEntity) -> String {
        let tuples = keys.map { "(\($0.map(quotedLiteral).joined(separator: ", ")))" }
        return "(\(entity.statements.sourceKeyList.joined(separator: ", "))) IN (\(tuples.joined(separator: ", ")))"
    }
}
