internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// Images that do not bring all of their row: an unchanged large value is left out.
extension EntityApplier {
    /// The mask of rows that were read again from the source.
    private static let rereadMask: Int32 = -1

    /// Reads rows again from the source, for images that do not bring all of the row where the target has none, or none
    /// that is known to be theirs.
    ///
    /// What the source no longer has keeps what was carried to it. Where nothing was, there is no row, and none is made:
    /// its removal comes later in the stream, since the source was read when it showed the image's own transaction.
    func complete(deletesFirst: Bool, _ reader: SourceReader?) throws -> [SkippedImages] {
        guard let reader else {
            try requireCompleteRows()
            return []
        }
        var skipped: [SkippedImages] = []
        for mask in staged.masks.sorted() where plans[Int(mask)].needsRow {
            let plan = plans[Int(mask)]
            // In a load anew what the target has of the row may be old.
            let everyRow = plan.needsSource || plan.isArrival || scopes.loading?.isAgain == true
            let incomplete = try connection.query(filter.keysToRead(everyRow: everyRow), [.int(mask)])
            let keys = keys(incomplete)
            guard !keys.isEmpty else { continue }
            try readAgain(keys, seeing: transactions(incomplete), reader)
            if halves.hasFresh, !deletesFirst {
                try queue("drop orphans", moves.dropOrphans, [.int(mask), .int(Self.rereadMask)])
            }
            try flush()
            skipped += counted(try connection.query(filter.countAbsent, [.int(mask)]), .gone)
            try connection.query("DELETE FROM \(statements.stage) WHERE \"_mask\" = $1", [.int(Self.rereadMask)])
        }
        return skipped
    }

    /// Writes rows that a load has set aside.
    func writeLoaded(_ keys: [ParkedKey], _ reader: SourceReader?) throws {
        staged = EntityBatch.Staged()
        let stored = keys.filter { key in reader == nil || key.events.contains(where: \.isEdited) }
        if !stored.isEmpty {
            let values = stored.compactMap { $0.events.last?.eventValue }.map { String(decoding: $0, as: UTF8.self) }
            try connection.query(filter.stageStored(mask: Self.rereadMask), [.array(values)])
            try connection.query(filter.dropPresent, [.int(Self.rereadMask)])
        }
        if let reader {
            let others = keys.filter { key in !key.events.contains(where: \.isEdited) }
            try stageFromSource(others.map(\.key), seeing: [], reader)
        }
        for defect in entity.quarantines {
            let found = try connection.query(filter.take(defect, scopes.started), [.int(Self.rereadMask)])
            if found.rowCount > 0 { throw DefectFound(defect: defect.defect) }
        }
        _ = try dropPending(reader)
        try queueWriting()
        try flush()
        try clearStage()
    }

    private func readAgain(_ keys: [[String]], seeing transactions: Set<UInt32>, _ reader: SourceReader) throws {
        if try stageFromSource(keys, seeing: transactions, reader) { try queueWriting() }
    }

    /// Puts rows into the stage as the source has them.
    ///
    /// - Returns: whether it has any.
    @discardableResult
    private func stageFromSource(
        _ keys: [[String]], seeing transactions: Set<UInt32>, _ reader: SourceReader
    ) throws -> Bool {
        buffer.removeAll()
        if keys.isEmpty { return false }
        try reader.rows(of: entity, keys: keys, seeing: transactions) { row in
            buffer.append(UnsafeRawBufferPointer(rebasing: row.dropLast()))
            buffer.append(0x09)
            buffer.appendControl(
                operation: 0x75, mask: Self.rereadMask, transaction: nil, sequence: 0, partition: -1)
        }
        guard buffer.count > 0 else { return false }
        try copy(statements.copyIntoStage)
        return true
    }

    /// Writes what of the stage was read again or stored.
    private func queueWriting() throws {
        try queueJudgement(Self.rereadMask, present: entity.allColumns)
        if !ownership.predicates.isEmpty { try queue(versioned("judge stored"), statements.judgeStored(ownership)) }
        for (number, rights) in ownership.rights(of: entity).enumerated() {
            guard let sql = statements.upsert(present: entity.allColumns, rights: rights) else { continue }
            try queue(versioned("write again.\(number)"), sql, [.int(Self.rereadMask)])
        }
    }

    /// Without a source: every image must have had a row, one that was carried to it where its key has changed.
    private func requireCompleteRows() throws {
        for mask in staged.masks.sorted() where plans[Int(mask)].needsRow {
            let plan = plans[Int(mask)]
            if plan.isArrival, !plan.needsSource { continue }
            let incomplete = try connection.query(filter.keysToRead(everyRow: plan.needsSource), [.int(mask)])
            guard incomplete.rowCount == 0 else {
                throw SyncError(
                    .unavailable,
                    """
                    \(incomplete.rowCount) rows of \(entity.source) came without values that did not change, and are not \
                    in \(entity.target); give the playbook a source connection, or set REPLICA IDENTITY FULL
                    """)
            }
        }
        guard halves.hasArrivals else { return }
        try session.prepare(name("unavailable"), moves.unavailable)
        let missing = try connection.executePrepared(name("unavailable"))
        guard let row = missing.rows.first, row[0] != "0" else { return }
        guard row[1] == "0" else {
            throw SyncError(
                .awaited,
                """
                rows of \(entity.source) changed their keys and came without values that did not change, ahead of the \
                deletes of their old keys that will bring them
                """)
        }
        throw SyncError(
            .unavailable,
            """
            \(row[0] ?? "") rows of \(entity.source) changed their keys and came without values that did not change, and \
            were not in \(entity.target); give the playbook a source connection, or set REPLICA IDENTITY FULL
            """)
    }

    private func keys(_ result: Result) -> [[String]] {
        result.rows.map { row in entity.sourceKey.indices.map { row[$0] ?? "" } }
    }
}
