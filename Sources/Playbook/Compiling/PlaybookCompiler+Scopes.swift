import LibPQ
import Model

extension PlaybookCompiler {
    /// Makes SQL of the rows that each wave takes of an entity.
    func compileScopes(_ draft: EntityDraft, _ session: ProbeSession) throws -> [CompiledScope] {
        var compiled: [CompiledScope] = []
        guard !draft.columns.isEmpty else { return [] }
        let scopes = playbook.waves.flatMap { wave in wave.scopes.map { (wave, $0) } }
            .filter { $0.1.entity.value == draft.name }
        if scopes.isEmpty, !playbook.waves.isEmpty {
            warn(
                .unknownWave, at: draft.definition.name.location,
                "no wave takes rows of \(draft.name): it is never loaded, and its changes are skipped as pending",
                expected: "\(draft.name): all, or another scope, in a wave", advice: "add it to a wave")
        }
        for (wave, scope) in scopes {
            guard let stage = try stagePredicate(scope, draft, wave, session),
                let source = try sourcePredicate(scope, draft, wave, through: [])
            else { continue }
            let isAll = if case .all = scope.rows { true } else { false }
            let parent: EntityName? = if case .via(let parent, _) = scope.rows { parent.value } else { nil }
            compiled.append(
                CompiledScope(
                    wave: wave.name.value, entity: draft.name, isAll: isAll, parent: parent,
                    sourcePredicate: source, stagePredicate: stage.sql, dependencies: stage.dependencies))
        }
        return compiled
    }

    // MARK: On the stage

    private func stagePredicate(
        _ scope: ScopeDefinition, _ draft: EntityDraft, _ wave: WaveDefinition, _ session: ProbeSession
    ) throws -> (sql: String, dependencies: ColumnSet)? {
        switch scope.rows {
        case .all:
            return ("TRUE", ColumnSet())
        case .predicate(let expression):
            let answer = try askStage(
                expression, draft, session, "scope in wave \(wave.name.value)", mustBeBoolean: true)
            guard let answer else { return nil }
            try planOnSource(expression, draft, wave)
            return ("(\(Self.closed(expression.sql)))", answer.columns)
        case .via(let parentName, let columns):
            guard let via = resolve(parentName, columns, scope, draft, wave) else { return nil }
            return (via.parent.existence(of: via.columnsByParentColumn, in: draft), ColumnSet(via.columnNumbers))
        }
    }

    /// A child's way to its parent.
    private struct Via {
        let parent: EntityDraft
        let parentScope: ScopeDefinition
        /// The child's columns and the parent's that they point at, by place.
        let columns: [String]
        let parentColumns: [String]
        let columnNumbers: [Int]

        var columnsByParentColumn: [String: String] {
            Dictionary(zip(parentColumns, columns), uniquingKeysWith: { first, _ in first })
        }
    }

    private func resolve(
        _ parentName: Located<EntityName>, _ columns: [String], _ scope: ScopeDefinition, _ draft: EntityDraft,
        _ wave: WaveDefinition
    ) -> Via? {
        guard let parent = draft.name == parentName.value ? draft : self.draft(parentName.value),
            !parent.columns.isEmpty
        else { return nil }
        guard let parentScope = wave.scope(of: parentName.value), parent !== draft else {
            error(
                .scopeParent, at: parentName.location,
                parent === draft
                    ? "\(draft.name) cannot take its rows via itself"
                    : "wave \(wave.name.value) takes no rows of \(parentName.value), so none of \(draft.name) via it",
                expected: "a scope of another entity in the same wave",
                advice: "add \(parentName.value) to the wave, or use all or SQL")
            return nil
        }
        let names = draft.columns.map(\.name)
        var numbers: [Int] = []
        for column in columns {
            guard let number = names.firstIndex(of: column) else {
                error(
                    .unknownColumn, at: scope.location, "the source table \(draft.source) has no column \(column)",
                    expected: "one of \(names.joined(separator: ", "))",
                    advice: NearMiss.advice(for: column, among: names))
                return nil
            }
            numbers.append(number)
        }
        let declared = draft.sourceTable?.foreignKeys.first { key in
            key.parent == parent.source && Set(key.columns) == Set(columns)
        }
        let parentKey = parent.sourceKey.map { parent.columns[$0].name }
        let parentColumns = declared.map { key in
            columns.map { column in key.parentColumns[key.columns.firstIndex(of: column) ?? 0] }
        }
        guard Set(parentColumns ?? parentKey) == Set(parentKey), columns.count == parentKey.count else {
            error(
                .scopeParent, at: scope.location,
                "(\(columns.joined(separator: ", "))) does not point at the key of \(parentName.value)",
                expected: "columns for \(parentKey.joined(separator: ", ")) of \(parentName.value), in that order",
                advice: "name the columns of the foreign key that points at its key")
            return nil
        }
        return Via(
            parent: parent, parentScope: parentScope, columns: columns, parentColumns: parentColumns ?? parentKey,
            columnNumbers: numbers)
    }

    // MARK: On the source

    func sourcePredicate(
        _ scope: ScopeDefinition, _ draft: EntityDraft, _ wave: WaveDefinition, through: [EntityName]
    ) throws -> String? {
        switch scope.rows {
        case .all: return "TRUE"
        case .predicate(let expression): return "(\(Self.closed(expression.sql)))"
        case .via(let parentName, let columns):
            guard !through.contains(draft.name) else {
                error(
                    .scopeParent, at: scope.location,
                    "the scopes of \(through.map(\.rawValue).joined(separator: ", ")) lead back to \(draft.name)",
                    expected: "a chain of via that ends at all or at SQL")
                return nil
            }
            guard let via = resolve(parentName, columns, scope, draft, wave),
                let inner = try sourcePredicate(
                    via.parentScope, via.parent, wave, through: through + [draft.name])
            else { return nil }
            let own = via.columns.map { "\(draft.alias).\(quotedIdentifier($0))" }.joined(separator: ", ")
            let parents = via.parentColumns.map { "\(via.parent.alias).\(quotedIdentifier($0))" }
            let select =
                "SELECT \(parents.joined(separator: ", ")) FROM \(via.parent.source.quoted) AS \(via.parent.alias)"
            // Not correlated, so that no name of the parent's condition can be taken for one of the child's.
            return "(\(own)) IN (\(select) WHERE \(inner))"
        }
    }

    /// Makes sure that the source plans a condition too: names and functions need not be the same on both sides.
    private func planOnSource(_ expression: SQLExpression, _ draft: EntityDraft, _ wave: WaveDefinition) throws {
        guard let source else { return }
        let prefix = "EXPLAIN SELECT 1 FROM \(draft.source.quoted) AS \(draft.alias) WHERE ("
        do {
            try source.query(prefix + expression.sql + "\n)")
        } catch {
            guard error.isAnswer else { throw error }
            report(
                ProbeSession.Refusal(error, of: expression.sql, after: prefix), expression,
                "entity \(draft.name): scope in wave \(wave.name.value), on the source",
                names: draft.columns.map(\.name))
        }
    }
}

extension EntityDraft {
    /// A condition over a staged row of `child`: the target has the row of this entity that it points at.
    fileprivate func existence(of columns: [String: String], in child: EntityDraft) -> String {
        func pointer(_ column: DraftColumn) -> String {
            "\(child.alias).\(quotedIdentifier(columns[column.name] ?? column.name))"
        }
        let conditions = compiledFields.filter(\.isKey).map { key in
            let target = "tidegate_parent.\(quotedIdentifier(key.column))"
            if let plain = key.sourceColumn, let type = targetTable.column(key.column)?.bareType {
                return "\(target) = CAST(\(pointer(self.columns[plain])) AS \(type))"
            }
            // The parent's key as its own expression makes it of the child's columns.
            let values = sourceKey.map { index in
                let column = self.columns[index]
                return "CAST(\(pointer(column)) AS \(column.stageType)) AS \(quotedIdentifier(column.name))"
            }
            return "\(target) = (SELECT \(key.sql) FROM (SELECT \(values.joined(separator: ", "))) AS \(alias))"
        }
        return """
            EXISTS (SELECT FROM \(target.quoted) AS tidegate_parent WHERE \(conditions.joined(separator: " AND ")))
            """
    }
}
