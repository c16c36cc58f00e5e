internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// Writes the final images of one entity, in one target session, within the lane's open transaction.
final class EntityApplier {
    let entity: CompiledEntity
    let id: EntityID
    /// What is known of its scopes.
    var scopes = ScopeView()
    let session: TargetSession
    let buffer: CopyBuffer
    private let filter: StageFilter
    private let moves: KeyMoves
    private let movesRows: Bool
    private var plans: [WritePlan] = []
    private var hasStage = false
    private var rangesVersion: Int64?

    init(entity: CompiledEntity, id: EntityID, session: TargetSession, buffer: CopyBuffer) {
        self.entity = entity
        self.id = id
        self.session = session
        self.buffer = buffer
        filter = StageFilter(entity: entity, id: id)
        movesRows = entity.movesRows
        moves = KeyMoves(entity: entity, entityID: Int(id.rawValue))
    }

    private var connection: Connection { session.connection }
    private var statements: EntityStatements { entity.statements }

    /// The session's name for one of the entity's statements.
    func name(_ statement: String) -> String { "\(statement) \(entity.name)" }

    /// Makes what must be there before the transaction begins.
    func prepareSession() throws {
        guard !hasStage else { return }
        try connection.execute(statements.createStage)
        if movesRows { try connection.execute(moves.create) }
        hasStage = true
    }

    /// The transaction was rolled back: tables made in it are gone.
    func rolledBack() { rangesVersion = nil }

    /// Puts images into the stage, takes out what is not to be applied, and writes the rest.
    ///
    /// In a session without foreign-key checks deletes are written too, before the images; otherwise they wait in the
    /// stage for `writeDeletes`.
    func apply(_ images: [Int32], of batch: EntityBatch, reader: SourceReader?) throws -> [SkippedImages] {
        buffer.removeAll()
        let staged = batch.stage(images, replacingFresh: session.isReplica, into: buffer)
        try copy(statements.copyIntoStage)
        var skipped = try dropSeen()
        if staged.hasMoves { try copyMoves(staged, of: batch) }
        try run(clearing(staged))
        skipped += try dropPending(reader)
        try run(writing(staged, batch))
        for mask in staged.masks.sorted() where plans[Int(mask)].needsRow {
            try completeFromSource(mask, everyRow: plans[Int(mask)].needsSource, reader)
        }
        return skipped
    }

    /// Deletes the rows of the staged deletes.
    func writeDeletes() throws {
        try session.prepare(name("delete"), statements.delete)
        try connection.executePrepared(name("delete"))
    }

    /// Takes all rows out of the stage.
    func clearStage() throws {
        try connection.execute("DELETE FROM \(statements.stage)")
        if movesRows { try connection.execute("DELETE FROM \(moves.table)") }
    }

    /// Copies what the buffer holds.
    func copy(_ sql: String) throws {
        try connection.copyIn(sql) { writer in try writer.write(buffer.bytes) }
    }

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

    // MARK: What is not to be applied

    /// Takes out what a merged chunk has seen, and remembers the keys that the stream has touched.
    private func dropSeen() throws -> [SkippedImages] {
        guard let loading = scopes.loading else { return [] }
        try session.prepare(name("touch"), filter.touch)
        try connection.executePrepared(name("touch"))
        guard loading.handover == .snapshot else { return [] }
        if rangesVersion != scopes.version {
            try connection.execute(filter.createRanges)
            try connection.execute(filter.refillRanges)
            rangesVersion = scopes.version
        }
        return counted(try connection.query(filter.dropSeen), .inBaseline)
    }

    /// Takes out the rows of no started scope. Whether a row is in the scope of a parent that is not here yet, only
    /// the source can tell.
    private func dropPending(_ reader: SourceReader?) throws -> [SkippedImages] {
        guard let limiting = scopes.limiting else { return [] }
        var vouched: [String] = []
        if let reader, limiting.contains(where: \.isByParent) {
            let outside = try connection.query(filter.outsideKeys(limiting))
            let keys = outside.rows.map { row in entity.sourceKey.indices.map { row[$0] ?? "" } }
            if !keys.isEmpty {
                vouched = try reader.keysInScope(limiting, of: entity, keys: keys, seeing: transactions(outside))
            }
        }
        return counted(try connection.query(filter.dropPending(limiting), [.array(vouched)]), .pending)
    }

    private func counted(_ result: Result, _ reason: SkipReason) -> [SkippedImages] {
        result.rows.compactMap { row in
            guard let place = row[0].flatMap(Int.init), let count = row[1].flatMap(Int.init) else { return nil }
            return SkippedImages(partitionIndex: place, reason: reason, count: count)
        }
    }

    // MARK: Writing

    private func copyMoves(_ staged: EntityBatch.Staged, of batch: EntityBatch) throws {
        buffer.removeAll()
        batch.writeMoves(staged, into: buffer)
        try copy(moves.copy)
    }

    /// What comes before the images: rows of changed keys are put down, deletes done, rows picked up.
    private func clearing(_ staged: EntityBatch.Staged) throws -> [Step] {
        var steps: [Step] = []
        let seen = scopes.loading != nil
        if staged.hasMoves { steps.append(try step(seen ? "put down, seen" : "put down", moves.putDown(seen: seen))) }
        if staged.hasDeletes, session.isReplica { steps.append(try step("delete", statements.delete)) }
        if staged.hasMoves {
            steps.append(try step(seen ? "pick up, seen" : "pick up", moves.pickUp(seen: seen)))
            steps.append(try step("forget", moves.forget))
        }
        return steps
    }

    private func writing(_ staged: EntityBatch.Staged, _ batch: EntityBatch) throws -> [Step] {
        let shapes = batch.shapes.shapes
        while plans.count < shapes.count {
            plans.append(WritePlan(entity: entity, shape: shapes[plans.count]))
        }
        return try staged.masks.sorted().compactMap { mask in
            guard let sql = plans[Int(mask)].sql else { return nil }
            return try step("write \(mask)", sql, [.int(mask)])
        }
    }

    private struct Step {
        let name: String
        let parameters: [Parameter]
    }

    private func step(_ label: String, _ sql: @autoclosure () -> String, _ parameters: [Parameter] = []) throws -> Step
    {
        try session.prepare(name(label), sql())
        return Step(name: name(label), parameters: parameters)
    }

    private func run(_ steps: [Step]) throws {
        guard !steps.isEmpty else { return }
        try connection.pipeline { pipeline in
            for step in steps { try pipeline.executePrepared(step.name, step.parameters) }
        }
    }

    /// Reads rows again from the source, for images that do not bring all of the row where the target has none.
    private func completeFromSource(_ mask: Int32, everyRow: Bool, _ reader: SourceReader?) throws {
        let missing = try connection.query(filter.keysToRead(everyRow: everyRow), [.int(mask)])
        let keys = missing.rows.map { row in entity.sourceKey.indices.map { row[$0] ?? "" } }
        guard !keys.isEmpty else { return }
        guard let reader else {
            throw SyncError(
                .unavailable,
                """
                \(keys.count) rows of \(entity.source) came without values that did not change, and are not in \
                \(entity.target); give the playbook a source connection, or set REPLICA IDENTITY FULL
                """)
        }
        buffer.removeAll()
        try reader.rows(of: entity, keys: keys, seeing: transactions(missing)) { row in
            buffer.append(UnsafeRawBufferPointer(rebasing: row.dropLast()))
            buffer.append(0x09)
            buffer.appendControl(
                operation: 0x75, mask: Self.rereadMask, transaction: nil, sequence: 0, partition: -1)
        }
        guard buffer.count > 0 else { return }
        try copy(statements.copyIntoStage)
        guard let sql = statements.upsert(present: entity.allColumns) else { return }
        try run([try step("write again", sql, [.int(Self.rereadMask)])])
        try connection.query("DELETE FROM \(statements.stage) WHERE \"_mask\" = $1", [.int(Self.rereadMask)])
    }

    /// The transactions of staged rows, whose last column they are.
    private func transactions(_ result: Result) -> Set<UInt32> {
        Set(result.rows.compactMap { $0[entity.sourceKey.count].flatMap { UInt32($0) } })
    }

    /// The mask of rows that were read again from the source.
    private static let rereadMask: Int32 = -1
}
