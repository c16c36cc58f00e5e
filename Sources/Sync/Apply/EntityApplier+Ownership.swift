internal import ChangeEvents
internal import LibPQ
internal import Model
internal import Playbook

/// What the source may write, of what it has sent.
extension EntityApplier {
    /// Judges whose the staged rows are, and takes out what is not the source's to write: deletes of rows that the target
    /// owns, wholly or in part, and images that would neither make a row nor change one. What stays in the stage bears
    /// the judgement; `WritePlan` has a statement for each.
    func judge(_ images: [Int32], _ batch: EntityBatch) throws -> StageOutcome {
        var outcome = StageOutcome()
        guard !ownership.isAllSource else { return outcome }
        for mask in staged.masks.sorted() { try queueJudgement(mask, present: shape(mask, of: batch).present) }
        if !ownership.predicates.isEmpty { try queue(versioned("judge stored"), statements.judgeStored(ownership)) }
        try flush()
        try findViolations(images, batch, &outcome)
        if staged.hasDeletes { try settleDeletes(batch, &outcome) }
        for mask in staged.masks.sorted() {
            try countSuppressed(mask, shape(mask, of: batch), &outcome)
            try dropForeign(mask, shape(mask, of: batch), &outcome)
        }
        return outcome
    }

    /// Judges the images of a mask by what they say themselves.
    func queueJudgement(_ mask: Int32, present: ColumnSet) throws {
        guard !ownership.predicates.isEmpty else { return }
        try queue(versioned("judge \(mask)"), statements.judgeImages(ownership, present: present), [.int(mask)])
    }

    /// A statement's name that changes with the epoch, as the statement does.
    func versioned(_ label: String) -> String { ownership.isAllSource ? label : "\(label) in \(ownership.epoch)" }

    private func shape(_ mask: Int32, of batch: EntityBatch) -> RowShape { batch.shapes.shapes[Int(mask)] }

    // MARK: Violations

    /// Finds the updates that changed what the target owns, as far as events tell.
    private func findViolations(_ images: [Int32], _ batch: EntityBatch, _ outcome: inout StageOutcome) throws {
        let foreign = entity.fields.filter { ownership.owners[$0.column] != .always(.source) }
        var watched = ColumnSet()
        for field in foreign { watched.formUnion(field.dependencies) }
        guard let began = ownership.began else { return }
        let changes = batch.changes(of: watched, in: images, since: began)
        guard !changes.isEmpty else { return }
        let signatures = try signatures(of: Set(changes.map(\.final)))
        for change in changes {
            guard let signature = signatures[change.final] else { continue }
            let fields = foreign.filter { field in
                !ownership.isSources(ownership.owners[field.column], signature: signature)
                    && field.dependencies.columns.contains(where: change.columns.contains)
            }
            guard !fields.isEmpty else { continue }
            outcome.violations.append(Violation(row: change.row, fields: fields.map(\.name)))
        }
    }

    /// Whose some staged images are: the stage's `_owned`, by their places in the batch.
    private func signatures(of images: Set<Int>) throws -> [Int: Int] {
        guard !ownership.predicates.isEmpty else { return Dictionary(uniqueKeysWithValues: images.map { ($0, 0) }) }
        let found = try connection.query(
            """
            SELECT "_seq", "_owned" FROM \(statements.stage) WHERE "_op" = 'u' AND "_partition" >= 0 \
            AND "_seq" = ANY ($1::integer[])
            """, [.array(images.sorted().map(String.init))])
        var signatures: [Int: Int] = [:]
        for row in found.rows {
            if let seq = row[0].flatMap({ Int($0) }), let owned = row[1].flatMap({ Int($0) }) {
                signatures[seq] = owned
            }
        }
        return signatures
    }

    // MARK: Deletes

    /// A key change is no delete: its row goes on, with what the target owns of it. Only a row that belongs to the target
    /// as a whole does not move.
    private func settleDeletes(_ batch: EntityBatch, _ outcome: inout StageOutcome) throws {
        guard let isForeign = statements.isForeignDelete(ownership) else { return }
        let found = try connection.query(
            """
            SELECT \(statements.alias)."_seq", \(statements.alias)."_partition", \
            \(statements.isForeignRow(ownership)) FROM \(statements.rawStage) WHERE \(isForeign)
            """)
        var taken: [Int32] = []
        for row in found.rows {
            guard let seq = row[0].flatMap(Int32.init), let partition = row[1].flatMap(Int.init) else { continue }
            let isReplaced = partition < 0
            if !isReplaced, batch.rows.header(Int(seq)).keyChange == .movedTo, row[2] != "t" { continue }
            taken.append(seq)
            // The delete half of a row that was deleted and made again: its image is judged by itself.
            if isReplaced { continue }
            outcome.suppress("*", 1)
            if let began = ownership.began, let position = batch.rows.header(Int(seq)).position,
                position.minor >= began.rawValue
            {
                outcome.violations.append(Violation(row: Int(seq), fields: ["*"]))
            }
            switch entity.deletes {
            case .refuse:
                let error = SyncError(
                    .ownedByTarget,
                    """
                    a delete of a row of \(entity.target) that the target owns, wholly or in part (ownership.deletes: refuse)
                    """)
                outcome.refused.append((Int(seq), error))
            case .detach:
                outcome.skipped.append(SkippedImages(partitionIndex: partition, reason: .detached, count: 1))
            }
        }
        guard !taken.isEmpty else { return }
        try connection.query(
            "DELETE FROM \(statements.stage) WHERE \"_op\" = 'd' AND \"_seq\" = ANY ($1::integer[])",
            [.array(taken.map(String.init))])
        keepInPlace(Set(taken.map(Int.init)))
    }

    // MARK: Images

    private func countSuppressed(_ mask: Int32, _ shape: RowShape, _ outcome: inout StageOutcome) throws {
        guard let (fields, sql) = statements.countSuppressed(ownership, present: shape.present) else { return }
        try session.prepare(name(versioned("suppressed \(mask)")), sql)
        let counts = try connection.executePrepared(name(versioned("suppressed \(mask)")), [.int(mask)])
        for (place, field) in fields.enumerated() {
            outcome.suppress(field, counts.rows.first?[place].flatMap { Int($0) } ?? 0)
        }
    }

    /// Takes the images out that write nothing: of rows that are not the source's to make, or have nothing of it.
    private func dropForeign(_ mask: Int32, _ shape: RowShape, _ outcome: inout StageOutcome) throws {
        for (number, rights) in ownership.rights(of: entity).enumerated() {
            let changesRows = statements.update(present: shape.present, rights: rights) != nil
            guard let condition = statements.isWrittenNowhere(rights, changesRows: changesRows) else { continue }
            let label = name(versioned("drop \(mask).\(number)"))
            try session.prepare(label, filter.drop(condition))
            let dropped = counted(try connection.executePrepared(label, [.int(mask)]), .notOwned)
            outcome.skipped += dropped
            if !rights.mayInsert { outcome.suppress("*", dropped.reduce(0) { $0 + $1.count }) }
        }
    }
}
