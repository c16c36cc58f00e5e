internal import LibPQ
internal import Model
internal import Playbook

/// Knows whether a key is gone from the source of which the stream brings a null value and no delete: compaction has removed
/// the delete, or the null value is all that the connector sends of one.
///
/// The stream shows a commit before other sessions see it. A row that a transaction in progress has marked is waited for:
/// that may be the delete.
final class LoneTombstones {
    private let source: ConnectionString
    private var connection: Connection?

    init(_ source: ConnectionString) { self.source = source }

    /// Whether the source has no row of the key.
    ///
    /// - Throws: `SyncError` of code `notVisible` while a transaction in progress there has the row.
    func isGone(_ key: [String], of entity: CompiledEntity) throws -> Bool {
        let open = try connection ?? Connection(source, applicationName: "tidegate sync")
        connection = nil
        let tuple = key.map(quotedLiteral).joined(separator: ", ")
        for _ in 0..<100 {
            let found = try open.query(
                """
                SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid' AND transactionid = t.xmax)
                FROM (SELECT \(entity.statements.alias).xmax FROM \(entity.statements.sourceTable)
                WHERE (\(entity.statements.sourceKeyList.joined(separator: ", "))) = (\(tuple))) AS t
                """)
            if found.scalar != "t" {
                connection = open
                return found.rowCount == 0
            }
            try open.query("SELECT pg_sleep(0.005)")
        }
        connection = open
        throw SyncError(
            .notVisible, "a row of \(entity.source) of which the stream has shown a null value is held by a transaction"
        )
    }
}
