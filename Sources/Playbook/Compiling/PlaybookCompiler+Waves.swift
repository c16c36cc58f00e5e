import LibPQ
import Model

extension PlaybookCompiler {
    /// How long the source is asked about one foreign key.
    private static let patience = "15s"

    /// Finds waves that take rows whose parents come in a later wave, or never.
    func checkWaves() throws {
        guard !hasErrors else { return }
        for (number, wave) in playbook.waves.enumerated() {
            let sofar = playbook.waves[...number]
            for scope in wave.scopes {
                guard let child = draft(scope.entity.value) else { continue }
                for reference in references(of: child) {
                    try check(reference, scope, in: wave, sofar: Array(sofar))
                }
            }
        }
        reportOutsideParents()
    }

    private func check(
        _ reference: EntityReference, _ scope: ScopeDefinition, in wave: WaveDefinition, sofar: [WaveDefinition]
    ) throws {
        let parentScopes = sofar.compactMap { wave in
            wave.scope(of: reference.parent.name).map { (wave: wave, scope: $0) }
        }
        if parentScopes.contains(where: { if case .all = $0.scope.rows { true } else { false } }) { return }
        if case .via(let parent, let columns) = scope.rows, parent.value == reference.parent.name,
            Set(columns) == Set(reference.columns)
        {
            return
        }
        guard !parentScopes.isEmpty else {
            reportCut(
                reference, scope, wave, .untaken, "which no wave up to this one takes",
                advice: "take \(reference.parent.name) in this wave or an earlier one")
            return
        }
        guard isThorough else { return }
        let conditions = try parentScopes.compactMap { wave, scope in
            try sourcePredicate(scope, reference.parent, wave, through: [])
        }
        guard let own = try sourcePredicate(scope, reference.child, wave, through: []) else { return }
        guard let source else {
            warn(
                .cutForeignKey, at: scope.location,
                "whether wave \(wave.name.value) cuts the foreign key \(reference.name) cannot be told without the source",
                expected: "source: { postgres: ... }, or via \(reference.parent.name) on "
                    + reference.columns.joined(separator: ", "))
            return
        }
        do {
            let count = try orphans(reference, own, conditions, source)
            guard count > 0 else { return }
            let rows = count >= WaveCut.mostCounted ? "\(count) rows or more" : count == 1 ? "1 row" : "\(count) rows"
            reportCut(
                reference, scope, wave, .rows(count), "which for \(rows) are in no scope up to this wave",
                advice:
                    "use via \(reference.parent.name) on \(reference.columns.joined(separator: ", ")), or widen the "
                    + "scope of \(reference.parent.name)")
        } catch let error as PostgresError where error.sqlState?.classCode == "22" {
            reportUnevaluated(error, scope.location)
        } catch let error as PostgresError where error.code == .cancelled || error.sqlState == .queryCanceled {
            warn(
                .cutForeignKey, at: scope.location,
                "whether wave \(wave.name.value) cuts the foreign key \(reference.name) was not found out in "
                    + Self.patience,
                expected: "a scope that follows from the parent's",
                advice: "via \(reference.parent.name) on "
                    + reference.columns.joined(separator: ", ") + " never cuts it")
        }
    }

    /// A condition that plans and then fails on a row would fail in the stream too.
    func reportUnevaluated(_ error: PostgresError, _ place: FileLocation) {
        self.error(
            .expression, at: place, "the condition fails on a row of the source: \(error.redactedMessage)",
            expected: "a condition that every row of the source can be put to",
            advice: "guard it with CASE, or compare texts")
    }

    private func orphans(
        _ reference: EntityReference, _ own: String, _ conditions: [String], _ source: Connection
    ) throws -> Int {
        let child = reference.child
        let parent = reference.parent
        let pointers = reference.columns.map { "\(child.alias).\(quotedIdentifier($0))" }
        let parents = reference.parentColumns.enumerated().map { index, column in
            "\(parent.alias).\(quotedIdentifier(column)) AS c\(index)"
        }
        let equal = pointers.indices.map { "tidegate_parent.c\($0) = tidegate_child.k\($0)" }
        let keys = pointers.enumerated().map { "\($1) AS k\($0)" }
        // Each condition stands alone in a subselect with its own table, so no name can be taken for another's.
        let sql = """
            SELECT count(*) FROM (SELECT 1 FROM (
              SELECT \(keys.joined(separator: ", ")) FROM \(child.source.quoted) AS \(child.alias)
              WHERE (\(own)) AND \(pointers.map { "\($0) IS NOT NULL" }.joined(separator: " AND "))) AS tidegate_child
            WHERE NOT EXISTS (SELECT FROM (
              SELECT \(parents.joined(separator: ", ")) FROM \(parent.source.quoted) AS \(parent.alias)
              WHERE \(conditions.map { "(\($0))" }.joined(separator: " OR "))) AS tidegate_parent
              WHERE \(equal.joined(separator: " AND "))) LIMIT \(WaveCut.mostCounted)) AS cut
            """
        let result = try source.transaction("BEGIN TRANSACTION READ ONLY") {
            try source.execute("SET LOCAL statement_timeout = '\(Self.patience)'")
            return try source.execute(sql)
        }
        return result.scalar.flatMap { Int($0) } ?? 0
    }

    private func reportCut(
        _ reference: EntityReference, _ scope: ScopeDefinition, _ wave: WaveDefinition, _ extent: WaveCut.Extent,
        _ why: String, advice: String
    ) {
        guard !isSurvey else {
            return add(
                WaveCut(
                    wave: wave.name.value, child: reference.child.name, parent: reference.parent.name,
                    foreignKey: reference.name, columns: reference.columns, parentColumns: reference.parentColumns,
                    extent: extent, location: scope.location))
        }
        let message =
            "wave \(wave.name.value) cuts the foreign key \(reference.name): rows of \(reference.child.name) point at "
            + "rows of \(reference.parent.name) \(why)"
        let expected = "the parents of every row in the same wave or an earlier one"
        if reference.isOnTarget, playbook.target.references == .wait {
            error(.cutForeignKey, at: scope.location, message, expected: expected, advice: advice)
        } else {
            warn(.cutForeignKey, at: scope.location, message, expected: expected, advice: advice)
        }
    }

    private func reportOutsideParents() {
        for draft in drafts {
            for key in draft.targetTable.foreignKeys
            where entity(into: key.parent) == nil
                && key.columns.contains(where: { column in draft.compiledFields.contains { $0.column == column } })
            {
                note(
                    .cutForeignKey, at: draft.definition.into.location,
                    "the foreign key \(key.name) points at \(key.parent), which no entity fills",
                    advice: "fill \(key.parent) before the first wave")
            }
        }
    }

    // MARK: Plans

    /// Plans an entity's statements, for what no single expression shows.
    func explainStatements(_ draft: EntityDraft, _ session: ProbeSession) throws {
        let statements = draft.statements()
        let all = ColumnSet(all: draft.columns.count)
        for sql in [statements.upsert(present: all), statements.update(present: all), statements.delete] {
            guard let sql else { continue }
            do {
                try session.explain(sql)
            } catch {
                guard error.isAnswer else { throw error }
                let isRight = error.sqlState == .insufficientPrivilege
                self.error(
                    isRight ? .roleRights : .expression,
                    at: isRight ? draft.definition.into.location : draft.definition.fieldsLocation,
                    "entity \(draft.name): \(error.message)",
                    expected: isRight
                        ? "a role that may read and write \(draft.target)" : "fields that the target can store",
                    advice: isRight
                        ? "GRANT SELECT, INSERT, UPDATE, DELETE ON \(draft.target.quoted) TO the role" : error.hint)
                return
            }
        }
    }
}
