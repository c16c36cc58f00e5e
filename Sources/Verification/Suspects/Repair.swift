import Baseline
import Ledger
import LibPQ
import Model
import Playbook
import Sync

/// Makes rows that have drifted what the source says, by the statements that lanes and loads write by: only what the
/// source owns, through the same mapping.
///
/// While rows are read and written no lane applies anything to the entity, so what is read is not older than anything that
/// was applied before. Events that come afterwards and are older than what was read take the row back for a moment; those
/// behind them bring it forward again, as in a load.
struct Repair {
    let entity: ComparedEntity
    let sessions: SideSessions
    let verification: Int64

    private static let keysAtOnce = 500
    /// How long transactions are waited for while lanes must wait too.
    private static let patience = Duration.seconds(5)

    /// Writes keys again.
    ///
    /// - Returns: why some could not be written; nil when all were.
    func run(_ keys: [[String]]) throws -> String? {
        var parts = stride(from: 0, to: keys.count, by: Self.keysAtOnce).map {
            Array(keys[$0..<min($0 + Self.keysAtOnce, keys.count)])
        }
        var refusal: String?
        while let part = parts.popLast() {
            do {
                try sessions.writingTarget { try write(part) }
            } catch let error as PostgresError {
                guard sessions.target.isAlive, let state = error.sqlState else { throw error }
                let isRow = ["22", "23"].contains(state.classCode)
                guard isRow || state == .lockNotAvailable else { throw error }
                if isRow, part.count > 1 {
                    parts.append(Array(part[..<(part.count / 2)]))
                    parts.append(Array(part[(part.count / 2)...]))
                } else {
                    refusal = "the target refuses a repair: \(error)"
                }
            } catch let error as VerificationError where error.code == .source {
                refusal = error.message
            }
        }
        return refusal
    }

    private func write(_ keys: [[String]]) throws {
        let (statements, target) = (entity.statements, sessions.target)
        try target.execute(statements.createStage)
        try target.execute(entity.id.lock(.merge))
        guard try Ownership(on: target).epoch().number == entity.ownership.epoch else {
            throw VerificationError(.source, "ownership was transferred meanwhile: verify again")
        }
        try waitForTransactions()
        try sessions.readingSource { _, _ in
            _ = try CopyPipe.copy(
                entity.stagedRows(keys: keys), on: sessions.source, into: entity.stageTable, on: target)
        }
        let literals = Parameter.array(keys.map { PostgresArray.literal($0) })
        let isMeant = "= ANY (SELECT k::text[] FROM unnest($1::text[]) AS u (k))"
        if !entity.hasPlainKey {
            try target.query(
                """
                DELETE FROM \(statements.rawStage) WHERE \(statements.sourceKeyText) IN (
                    SELECT \(statements.sourceKeyText) FROM \(statements.correctedStage)
                    WHERE NOT (\(statements.stageKeyText) \(isMeant)))
                """, [literals])
        }
        try entity.judgeStage(on: target)
        if !entity.ownership.predicates.isEmpty { try target.query(statements.judgeStored(entity.ownership)) }
        let isStaged = "EXISTS (SELECT FROM \(statements.correctedStage) WHERE \(statements.stageKeyEquality()))"
        // Rows that are in no scope are kept where they are, and not made.
        try target.query(
            """
            DELETE FROM \(statements.rawStage) WHERE \(statements.alias)."_seq" < 2 AND NOT EXISTS (
                SELECT FROM \(entity.table(.target)) WHERE \(statements.stageKeyEquality()))
            """)
        let isSources = statements.isSourcesRow(entity.ownership) ?? "true"
        let deleted = try target.query(
            """
            DELETE FROM \(entity.table(.target)) WHERE \(KeyRange.isAmong(entity.keyColumns(.target), keys))
                AND \(isSources) AND NOT \(isStaged)
            """
        ).affectedRows
        try target.query("DELETE FROM \(statements.stage) WHERE \"_op\" = 'd'")
        var written = 0
        for rights in entity.ownership.rights(of: entity.entity) {
            guard let sql = statements.upsert(present: entity.entity.allColumns, rights: rights) else { continue }
            written += try target.query(sql, [.int(0)]).affectedRows
        }
        try Audit(on: target).record(
            .rowsRepaired, subject: "entity \(entity.name)",
            detail: ["verification": "\(verification)", "written": "\(written)", "deleted": "\(deleted)"])
    }

    /// What lanes have applied must be visible on the source when it is read.
    private func waitForTransactions() throws {
        let transactions = SourceTransactions(on: sessions.source)
        var inProgress = try transactions.inProgress()
        let deadline = ContinuousClock.now + Self.patience
        while true {
            inProgress = try transactions.notEnded(of: inProgress)
            if inProgress.isEmpty { return }
            guard ContinuousClock.now < deadline else {
                throw VerificationError(
                    .source, "a repair waits for transactions on the source: \(try transactions.describe(inProgress))")
            }
            try sessions.source.query("SELECT pg_sleep(0.005)")
        }
    }
}
