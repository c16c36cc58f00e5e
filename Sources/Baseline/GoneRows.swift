import ChangeEvents
import Ledger
import LibPQ
import Model
import Playbook

/// Removes the rows of some entities from the target that are gone from the source, in a load anew: their deletes may be
/// among what the stream has lost.
///
/// By exact key, whatever the order of keys: all keys of the source, from one snapshot, and the keys that the stream has
/// touched and the snapshot cannot have seen, against the target's rows. Under the entities' locks, after the last chunk,
/// children before parents. A row that the target owns in part stays, as it does when its delete comes by the stream.
struct GoneRows {
    /// Parents first.
    let entities: [LoadingEntity]
    let target: TargetSession
    let source: SourceSession
    let options: LoadOptions

    private static let mostAttempts = 8

    /// Removes them.
    ///
    /// - Throws: `BaselineError` of code `referenced` when rows that are to stay still point at them after some attempts.
    func remove() throws {
        for entity in entities {
            try target.connection.execute(entity.entity.statements.createStage)
            try target.connection.execute(entity.sql.createNewer)
        }
        for attempt in 1... {
            do {
                for (entity, outcome) in try removeOnce() where outcome.removed + outcome.kept > 0 {
                    options.report(.removed(entity, rows: outcome.removed, kept: outcome.kept))
                }
                return
            } catch let error as PostgresError {
                guard error.sqlState == .foreignKeyViolation else { throw error }
                let names = entities.map(\.name.rawValue).joined(separator: ", ")
                guard attempt < Self.mostAttempts, !options.shouldStop() else {
                    throw BaselineError(
                        .referenced,
                        """
                        rows of \(names) that are gone from the source are still pointed at on the target; load what \
                        points at them anew too, or see that sync runs, then run the load again
                        """)
                }
                options.report(.waiting(for: "the stream: rows still point at rows of \(names) that are gone"))
                try source.connection.query("SELECT pg_sleep(\(0.1 * Double(1 << attempt)))")
            }
        }
    }

    private typealias Outcome = (removed: Int, kept: Int)

    private func removeOnce() throws -> [(EntityName, Outcome)] {
        try source.reading { snapshot in
            try target.transaction(.later) {
                for entity in entities {
                    let statements = entity.entity.statements
                    _ = try CopyPipe.copy(
                        "SELECT \(statements.sourceKeyList.joined(separator: ", ")) FROM \(statements.sourceTable)",
                        on: source.connection, into: "\(statements.stage) (\(keyColumns(entity)))",
                        on: target.connection)
                }
                for entity in entities.sorted(by: { $0.id < $1.id }) {
                    try target.connection.execute(entity.id.lock(.merge))
                }
                let outcomes = try entities.reversed().map { ($0.name, try remove($0, snapshot)) }
                if !target.isReplica { try target.connection.execute("SET CONSTRAINTS ALL IMMEDIATE") }
                return outcomes
            }
        }
    }

    private func remove(_ entity: LoadingEntity, _ snapshot: TransactionSnapshot) throws -> Outcome {
        let connection = target.connection
        let statements = entity.entity.statements
        let types = try connection.query(entity.sql.newerTypes).rows.compactMap { $0[0] }
        let seen: Parameter = entity.handover == .snapshot ? .text(snapshot.description) : .null
        try connection.query(entity.sql.fillNewer(types: types), [seen])
        try connection.execute(
            """
            INSERT INTO \(statements.stage) (\(keyColumns(entity)))
            SELECT \(entity.entity.sourceKey.indices.map { "k\($0)" }.joined(separator: ", ")) FROM \(entity.sql.newer);
            ANALYZE \(statements.stage)
            """)
        let isGone = """
            NOT EXISTS (SELECT FROM \(statements.rawStage) WHERE \(statements.stageKeyEquality("_target")))
            """
        let isWhollySources = Self.isWhollySources(try target.ownership(of: entity.entity))
        let goes = "(\(isWhollySources)) AND \(isGone)"
        try connection.query(ManifestSQL(entity: entity).keep(where: goes, action: "deleted"))
        let removed = try connection.query(
            "DELETE FROM \(entity.entity.target.quoted) AS _target WHERE \(goes)"
        ).affectedRows
        guard isWhollySources != "true" else { return (removed, 0) }
        let kept = try connection.query(
            "SELECT count(*) FROM \(entity.entity.target.quoted) AS _target WHERE \(isGone)")
        return (removed, kept.scalar.flatMap(Int.init) ?? 0)
    }

    private func keyColumns(_ entity: LoadingEntity) -> String {
        entity.entity.sourceKey.map { quotedIdentifier(entity.entity.sourceColumns[$0].name) }.joined(separator: ", ")
    }

    /// Whether the source owns all of a row, as SQL over `_target`.
    private static func isWhollySources(_ ownership: EntityOwnership) -> String {
        if ownership.owners.values.contains(.always(.target)) { return "false" }
        return ownership.predicates.isEmpty
            ? "true" : ownership.predicates.map { "(\($0.target))" }.joined(separator: " AND ")
    }
}
