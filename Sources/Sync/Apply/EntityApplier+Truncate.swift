internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

extension EntityApplier {
    /// Empties the target table, as a truncate of the source's did.
    ///
    /// Where the topic has several partitions, the other ones may already have brought rows that came after it. Then
    /// only rows that the source no longer has are deleted; what else is old, the stream brings up to date. Chunks of
    /// a load that is under way are read again.
    func truncate(partitions: Int, reader: SourceReader?) throws {
        guard !scopes.isPending else { return }
        if partitions == 1 {
            try connection.execute(statements.truncate)
        } else {
            try deleteWhatTheSourceLacks(reader)
        }
        guard let loading = scopes.loading else { return }
        try connection.query(
            """
            UPDATE tidegate.chunk SET state = 'planned', attempt = attempt + 1, worker_id = NULL
            WHERE entity_id = $1 AND wave = $2
            """, [.int(id.rawValue), .text(loading.wave.rawValue)])
        // Other lanes must not take the ranges for merged any more.
        try connection.query("UPDATE tidegate.entity SET version = version + 1 WHERE id = $1", [.int(id.rawValue)])
    }

    private func deleteWhatTheSourceLacks(_ reader: SourceReader?) throws {
        guard let reader else {
            throw SyncError(
                .unavailable,
                """
                \(entity.source) was truncated and its topic has several partitions: which rows are newer only the \
                source can tell; give the playbook a source connection
                """)
        }
        try connection.execute("DELETE FROM \(statements.stage)")
        buffer.removeAll()
        try reader.rowsOfAllKeys(of: entity) { row in buffer.append(row) }
        try copy(statements.copyRowsIntoStage)
        try connection.execute(
            """
            DELETE FROM \(entity.target.quoted) AS _target WHERE NOT EXISTS \
            (SELECT FROM \(statements.rawStage) WHERE \(statements.stageKeyEquality("_target")))
            """)
    }
}
