internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

extension EntityApplier {
    /// Empties the target table, as a truncate of the source's did, under the entity's lock in the mode `change`.
    ///
    /// Its position goes into the ledger: events from below it, in whatever partition they still are, are obsolete. Where
    /// the topic has several partitions, the other ones may already have brought rows that came after it. Then only rows
    /// that the source no longer has are deleted; what else is old, the stream brings up to date. Chunks of a load that is
    /// under way are read again.
    func truncate(_ truncate: LaneBatch.Truncate, reader: SourceReader?) throws {
        if let position = truncate.position {
            if let known = scopes.truncated, position < known { return }
            try Entities(on: connection).truncate(id, at: position)
        }
        guard !scopes.isPending else { return }
        try WatchedRanges(on: connection).markAll(id)
        guard ownership.isAllSource else {
            throw SyncError(
                .ownedByTarget,
                """
                \(entity.source) was truncated, and the target owns rows or fields of \(entity.target): transfer them to \
                the source (tidegate own transfer) to let them go
                """)
        }
        if truncate.partitions == 1 {
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
                .needsSource,
                """
                \(entity.source) was truncated and its topic has several partitions: which rows are newer only the \
                source can tell; give the playbook a source connection
                """)
        }
        try clearStage()
        try connection.copyIn(statements.copyRowsIntoStage) { writer in
            try reader.keysOfAllRows(of: entity) { row in try writer.write(row) }
        }
        // Both sides are read whole.
        try connection.execute(
            """
            SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;
            DELETE FROM \(entity.target.quoted) AS _target WHERE NOT EXISTS \
            (SELECT FROM \(statements.rawStage) WHERE \(statements.stageKeyEquality("_target")))
            """)
    }
}
