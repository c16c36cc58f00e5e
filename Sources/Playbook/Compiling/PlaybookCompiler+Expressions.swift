import LibPQ
import Model

extension PlaybookCompiler {
    /// Asks the target about every expression of an entity, and makes its fields.
    func compileExpressions(_ draft: EntityDraft, _ session: ProbeSession) throws {
        try compileDefects(draft, session)
        let stageTypes = try session.columnTypes(of: draft.statements().stage)
        for field in draft.fields {
            guard let compiled = try compile(field, draft, stageTypes, session) else { continue }
            draft.compiledFields.append(compiled)
        }
        resolveSourceKey(draft)
        for check in draft.definition.checks {
            _ = try askTarget(check.predicate, draft, session, "check \(check.name.value)", mustBeBoolean: true)
        }
    }

    private func compile(
        _ field: DraftField, _ draft: EntityDraft, _ stageTypes: [(oid: UInt32, type: String)],
        _ session: ProbeSession
    ) throws -> CompiledField? {
        let what = "field \(field.column.name)"
        var sql: String
        var type: UInt32
        var dependencies: ColumnSet
        if let index = field.plainColumn {
            sql = "\(draft.alias).\(quotedIdentifier(draft.columns[index].name))"
            type = stageTypes[index].oid
            dependencies = ColumnSet([index])
        } else {
            guard let answer = try askStage(field.expression, draft, session, what) else { return nil }
            sql = "(\(Self.closed(field.expression.sql)))"
            type = answer.typeOID
            dependencies = answer.columns
            draft.lookups.formUnion(answer.tables)
        }
        if let reverse = field.reverse {
            _ = try askTarget(reverse, draft, session, "\(what): reverse", mustBeBoolean: false)
        }
        if let mask = field.mask {
            guard let masked = try self.mask(sql, mask, field, draft, session) else { return nil }
            sql = masked.sql
            type = masked.type
            if let columns = masked.dependencies { dependencies = columns }
        }
        let plain = field.mask == nil ? field.plainColumn : nil
        let assigned = try assign(
            sql, type: type, to: field, isStagedAsText: plain.map { draft.columns[$0].isStagedAsText } ?? false,
            literal: isLiteral(field.expression.sql), session: session)
        guard let assigned else { return nil }
        checkTolerance(field, what)
        let isInvertible = field.reverse == nil ? plain != nil : dependencies.columns.count == 1
        return CompiledField(
            name: field.name, column: field.column.name, targetType: field.column.type, sql: assigned,
            dependencies: corrected(dependencies, draft), isKey: draft.key.contains { $0.value == field.column.name },
            isIdentityAlways: field.column.identity == .always, sourceColumn: plain,
            isNotNull: field.column.isNotNull, isSeeded: field.seed == .once, isInvertible: isInvertible,
            canonical: CanonicalForm(of: field.column, tolerance: field.tolerance?.value))
    }

    private func checkTolerance(_ field: DraftField, _ what: String) {
        guard let tolerance = field.tolerance else { return }
        let isNumber = if case .difference = tolerance.value { true } else { false }
        let category = field.column.isArray ? "A" : field.column.category
        guard category != (isNumber ? "N" : "S") else { return }
        error(
            .typeMismatch, at: tolerance.location,
            "\(what) is of type \(field.column.type), which has no tolerance \(tolerance.value)",
            expected: "a number for numbers, trim or case for texts")
    }

    private func isLiteral(_ sql: String) -> Bool {
        let text = sql.trimmingPrefix { $0.isWhitespace }
        guard text.count > 1, text.hasPrefix("'"), text.hasSuffix("'") else { return text.lowercased() == "null" }
        return text.dropFirst().dropLast().replacing("''", with: "").contains("'") == false
    }

    /// An expression that can be put in parentheses: a comment at its end must not swallow what follows.
    static func closed(_ sql: String) -> String { sql.contains("--") ? sql + "\n" : sql }

    // MARK: Asking

    /// Asks about SQL over the staged row.
    func askStage(
        _ expression: SQLExpression, _ draft: EntityDraft, _ session: ProbeSession, _ what: String,
        mustBeBoolean: Bool = false
    ) throws -> ProbeSession.Answer? {
        let statements = draft.statements()
        return try ask(
            expression, of: statements.stage, as: statements.alias,
            row: quotedIdentifier(StageControl.sequence.rawValue),
            names: draft.columns.map(\.name), session, "entity \(draft.name): \(what)", mustBeBoolean: mustBeBoolean)
    }

    /// Asks about SQL over the target's row.
    private func askTarget(
        _ expression: SQLExpression, _ draft: EntityDraft, _ session: ProbeSession, _ what: String, mustBeBoolean: Bool
    ) throws -> ProbeSession.Answer? {
        try ask(
            expression, of: draft.target.quoted, as: quotedIdentifier(draft.target.name),
            row: quotedIdentifier(draft.targetTable.columns.first?.name ?? ""),
            names: draft.targetTable.columns.map(\.name), session, "entity \(draft.name): \(what)",
            mustBeBoolean: mustBeBoolean)
    }

    private func ask(
        _ expression: SQLExpression, of relation: String, as alias: String, row: String, names: [String],
        _ session: ProbeSession, _ what: String, mustBeBoolean: Bool
    ) throws -> ProbeSession.Answer? {
        do {
            let answer = try session.ask(expression.sql, of: relation, as: alias, row: row, columns: names.count)
            guard !mustBeBoolean || answer.typeOID == ProbeSession.boolean else {
                error(
                    .expression, at: expression.location, "\(what) is of type \(answer.type)",
                    expected: "a condition, of type boolean")
                return nil
            }
            return answer
        } catch let refusal as ProbeSession.Refusal {
            guard refusal.error.isAnswer || refusal.error.code == .usage else { throw refusal.error }
            report(refusal, expression, what, names: names)
            return nil
        }
    }

    // MARK: Defects

    private func compileDefects(_ draft: EntityDraft, _ session: ProbeSession) throws {
        for defect in draft.definition.defects {
            let what = "defect \(defect.name.value)"
            guard
                let predicate = try askStage(
                    defect.predicate, draft, session, "\(what): where", mustBeBoolean: true)
            else { continue }
            let sql = Self.closed(defect.predicate.sql)
            switch defect.action {
            case .quarantine:
                draft.quarantines.append(
                    CompiledQuarantine(
                        defect: defect.name.value, predicate: "(\(sql))", dependencies: predicate.columns))
            case .set(let values):
                var corrections: [Int: (sql: String, dependencies: ColumnSet)] = [:]
                for (column, value) in values {
                    guard let index = draft.columns.firstIndex(where: { $0.name == column.value }) else {
                        let names = draft.columns.map(\.name)
                        error(
                            .unknownColumn, at: column.location,
                            "\(what): the source table \(draft.source) has no column \(column.value)",
                            expected: "one of \(names.joined(separator: ", "))",
                            advice: NearMiss.advice(for: column.value, among: names))
                        continue
                    }
                    guard let answer = try askStage(value, draft, session, "\(what): set \(column.value)") else {
                        continue
                    }
                    corrections[index] = (Self.closed(value.sql), answer.columns)
                }
                draft.corrections.append(
                    DraftCorrection(
                        defect: defect.name.value, predicate: sql, predicateDependencies: predicate.columns,
                        decidedBy: corrected(predicate.columns, draft), values: corrections))
            }
        }
    }

    /// What a value depends on once corrections are made: the last correction was made on what those before it gave.
    private func corrected(_ dependencies: ColumnSet, _ draft: EntityDraft) -> ColumnSet {
        var all = dependencies
        for correction in draft.corrections.reversed() {
            var added = ColumnSet()
            for (column, value) in correction.values where all.contains(column) {
                added.formUnion(value.dependencies)
                added.formUnion(correction.predicateDependencies)
            }
            all.formUnion(added)
        }
        return all
    }
}
