import ChangeEvents
import LibPQ
import Model

extension PlaybookCompiler {
    typealias OwnershipRule = OwnershipSection.OwnershipRule

    /// Makes SQL of the rules about an entity.
    func compileOwnership(_ draft: EntityDraft, _ session: ProbeSession) throws -> [CompiledOwnershipRule] {
        if let forward { return forward[draft.name]?.ownershipRules.map { inverted($0, draft) } ?? [] }
        let rules = playbook.ownership?.rules.filter { $0.entity.value == draft.name } ?? []
        var compiled: [CompiledOwnershipRule] = []
        for rule in rules {
            checkFields(of: rule, draft)
            var condition: OwnershipCondition?
            if let rows = rule.rows {
                guard !draft.columns.isEmpty, let answer = try compileCondition(rows, draft, session) else { continue }
                condition = answer
            }
            compiled.append(
                CompiledOwnershipRule(
                    fields: rule.fields.isEmpty ? nil : Set(rule.fields.map(\.value)), rows: condition,
                    owner: rule.owner, fromWave: rule.fromWave?.value))
        }
        return compiled
    }

    /// Conditions that decide differently for different fields of one entity: each doubles its statements.
    private static let mostConditions = 6

    /// Fields that the same rules are about are judged by one condition, in whatever epoch.
    private func checkNumberOfConditions(_ draft: EntityDraft, _ ownership: OwnershipSection) {
        let rules = ownership.rules.filter { $0.entity.value == draft.name }
        let decided = Set(
            draft.fields.map { field in
                rules.indices.filter { number in
                    let fields = rules[number].fields
                    return fields.isEmpty || fields.contains { $0.value == field.column.name }
                }
            }.filter { $0.contains { rules[$0].rows != nil } })
        guard decided.count > Self.mostConditions, let last = rules.last else { return }
        error(
            .ownershipCondition, at: last.location,
            "the rules about \(draft.name) decide in \(decided.count) different ways by row",
            expected: "at most \(Self.mostConditions)", advice: "let rules name the same fields, or the row as a whole")
    }

    /// Checks what the rules say together: inverses, rules that never decide.
    func checkOwnership() throws {
        guard let ownership = playbook.ownership else { return }
        for draft in drafts { checkNumberOfConditions(draft, ownership) }
        for draft in drafts { checkInverses(draft, ownership) }
        for (number, later) in ownership.rules.enumerated() {
            for earlier in ownership.rules[..<number] where earlier.entity.value == later.entity.value {
                try checkOverlap(earlier, later)
            }
        }
    }

    private func checkFields(of rule: OwnershipRule, _ draft: EntityDraft) {
        let names = draft.fields.map(\.column.name)
        for field in rule.fields where !names.contains(field.value) {
            error(
                .unknownColumn, at: field.location, "entity \(draft.name) has no field \(field.value)",
                expected: "one of \(names.joined(separator: ", "))",
                advice: NearMiss.advice(for: field.value, among: names))
        }
        for field in rule.fields where draft.key.contains(where: { $0.value == field.value }) {
            error(
                .ownershipCondition, at: field.location,
                "the key field \(field.value) cannot have an owner of its own: whoever owns a row owns its key",
                expected: "fields that are not in the key, or no fields for the row as a whole")
        }
    }

    /// A rule's condition, told from either side's row.
    private func compileCondition(
        _ rows: SQLExpression, _ draft: EntityDraft, _ session: ProbeSession
    ) throws -> OwnershipCondition? {
        guard let answer = try askStage(rows, draft, session, "ownership rule", mustBeBoolean: true) else { return nil }
        let sql = Self.closed(rows.sql)
        var carried: [String] = []
        for number in answer.columns.columns {
            let column = draft.columns[number]
            guard let value = inverse(of: number, draft) else {
                error(
                    .ownershipCondition, at: rows.location,
                    "the condition looks at \(column.name), which no field carries to the target as it is: whose a row of "
                        + "the target is could not be told",
                    expected: "a condition over columns that are plain fields or have a reverse",
                    advice: "add a field for \(column.name), or give its field a reverse")
                return nil
            }
            if isExcluded(column.name, of: draft.source) {
                error(
                    .ownershipCondition, at: rows.location,
                    "the condition looks at \(column.name), which the connector's column.exclude.list leaves out of events",
                    expected: "a condition over columns that every event brings",
                    advice: "take \(column.name) off the connector's list, or use other columns")
                return nil
            }
            carried.append("\(value) AS \(quotedIdentifier(column.name))")
        }
        let from = carried.isEmpty ? "" : " FROM (SELECT \(carried.joined(separator: ", "))) AS \(draft.alias)"
        return OwnershipCondition(
            source: sql, target: "(SELECT (\(sql))\(from))", dependencies: answer.columns)
    }

    /// Whether the connector leaves a column out.
    private func isExcluded(_ column: String, of table: TableName) -> Bool {
        let patterns = playbook.source.connector["column.exclude.list"]?.value.split(separator: ",") ?? []
        return patterns.contains { pattern in
            guard let regex = try? Regex(String(pattern.drop { $0 == " " })) else { return false }
            return "\(table).\(column)".wholeMatch(of: regex) != nil
        }
    }

    /// A source column's value as SQL over the target's row `_target`, where the fields give it back.
    private func inverse(of column: Int, _ draft: EntityDraft) -> String? {
        let isCorrected = draft.corrections.contains { $0.values.keys.contains(column) }
        let type = draft.columns[column].stageType
        for field in draft.fields where !isCorrected && field.plainColumn == column && field.mask == nil {
            return "CAST(_target.\(quotedIdentifier(field.column.name)) AS \(type))"
        }
        for field in draft.fields {
            guard let reverse = field.reverse,
                draft.compiledFields.first(where: { $0.column == field.column.name })?.dependencies.columns == [column]
            else { continue }
            let row = "(SELECT _target.*) AS \(quotedIdentifier(draft.target.name))"
            return "CAST((SELECT (\(Self.closed(reverse.sql))) FROM \(row)) AS \(type))"
        }
        return nil
    }

    /// A field that the target owns flows back, so the source's value must follow from the target's.
    private func checkInverses(_ draft: EntityDraft, _ ownership: OwnershipSection) {
        let rules = ownership.rules.filter { $0.entity.value == draft.name && $0.owner == .target }
        let ownsAll = ownership.defaultOwner == .target || rules.contains { $0.fields.isEmpty }
        for field in draft.fields {
            guard let compiled = draft.compiledFields.first(where: { $0.name == field.name }), !compiled.isInvertible
            else { continue }
            let isKey = draft.key.contains { $0.value == field.column.name }
            let isOwned = ownsAll || rules.contains { rule in rule.fields.contains { $0.value == field.column.name } }
            guard isOwned || (isKey && !rules.isEmpty) else { continue }
            // A constant flows nowhere.
            if ownsAll, !isKey, compiled.dependencies.isEmpty { continue }
            error(
                .noInverse, at: field.expression.location,
                "the target is to own the field \(field.column.name), but nothing says how the source's value follows "
                    + "from it",
                expected: field.mask == nil
                    ? "a plain source column, or one source column and reverse: SQL" : "a field that is not masked",
                advice: field.mask == nil
                    ? "write { from: ..., reverse: SQL over the target's row }" : "leave its ownership to the source")
        }
    }

    // MARK: The reverse flow

    /// A side as the playbook's flow sees it, which calls `source` the side that rows come from.
    func seen(_ side: Side) -> Side { forward == nil ? side : side.other }

    /// A rule of the forward mapping for the inverted one: what stands in the stage is the target's row, what is stored the
    /// source's, over which the condition is written.
    private func inverted(_ rule: CompiledOwnershipRule, _ draft: EntityDraft) -> CompiledOwnershipRule {
        let condition = rule.rows.map { rows in
            let alias = quotedIdentifier(draft.target.name)
            let columns = forward?[draft.name]?.sourceColumns ?? []
            let fields = rows.dependencies.columns.compactMap { number in
                draft.compiledFields.first { $0.column == columns[number].name }
            }
            let carried = fields.map { "\($0.sql) AS \(quotedIdentifier($0.column))" }.joined(separator: ", ")
            var dependencies = ColumnSet()
            for field in fields { dependencies.formUnion(field.dependencies) }
            return OwnershipCondition(
                source: "(SELECT (\(rows.source))\(carried.isEmpty ? "" : " FROM (SELECT \(carried)) AS \(alias)"))",
                target: "(SELECT (\(rows.source)) FROM (SELECT _target.*) AS \(alias))", dependencies: dependencies)
        }
        return CompiledOwnershipRule(
            fields: rule.fields, rows: condition, owner: rule.owner.other, fromWave: rule.fromWave)
    }

    // MARK: Overlaps

    /// Of several rules that match the last decides; so a narrow rule after a wide one refines it, and that is meant.
    /// A rule that can never decide, or two that claim the same rows for two sides, are not.
    private func checkOverlap(_ earlier: OwnershipRule, _ later: OwnershipRule) throws {
        guard earlier.owner != later.owner, let fields = sharedFields(earlier, later) else { return }
        let fieldList = fields.isEmpty ? "all fields" : fields.joined(separator: ", ")
        let isSameTime = earlier.fromWave?.value == later.fromWave?.value
        guard isSameTime || later.fromWave == nil else { return }
        let what = "gives \(fieldList) of \(later.entity.value) to the \(later.owner.rawValue)"
        let other = "line \(earlier.location.line) gives them to the \(earlier.owner.rawValue)"
        guard let earlierRows = earlier.rows, let laterRows = later.rows else {
            if later.rows == nil {
                error(
                    .ownershipOverlap, at: later.location,
                    "this rule \(what), and the rule at \(other): the earlier one never decides",
                    expected: "one owner for each field and row", advice: "remove one, or put the narrow rule last")
            }
            return
        }
        guard isSameTime else { return }
        let isSame = earlierRows.sql == laterRows.sql
        guard try isSame || share(earlierRows, laterRows, later.entity.value) else { return }
        error(
            .ownershipOverlap, at: later.location,
            "this rule \(what), and for some of the same rows the rule at \(other)",
            expected: "one owner for each field and row", advice: "exclude the rows of one from the other's where")
    }

    /// The fields that both rules name; empty for all, nil for none.
    private func sharedFields(_ earlier: OwnershipRule, _ later: OwnershipRule) -> [String]? {
        if earlier.fields.isEmpty { return later.fields.map(\.value) }
        if later.fields.isEmpty { return earlier.fields.map(\.value) }
        let shared = earlier.fields.map(\.value).filter { name in later.fields.contains { $0.value == name } }
        return shared.isEmpty ? nil : shared
    }

    /// Whether the source has a row for which both conditions hold.
    private func share(_ first: SQLExpression, _ second: SQLExpression, _ entity: EntityName) throws -> Bool {
        guard let source, isThorough, !hasErrors, let draft = draft(entity) else { return false }
        let sql = """
            SELECT EXISTS (SELECT FROM \(draft.source.quoted) AS \(draft.alias) \
            WHERE (\(Self.closed(first.sql))) AND (\(Self.closed(second.sql))))
            """
        do {
            let result = try source.transaction("BEGIN TRANSACTION READ ONLY") {
                try source.execute("SET LOCAL statement_timeout = '15s'")
                return try source.query(sql)
            }
            return result.scalar == "t"
        } catch let error as PostgresError where error.sqlState?.classCode == "22" {
            reportUnevaluated(error, second.location)
            return false
        } catch let error as PostgresError where error.code == .cancelled || error.sqlState == .queryCanceled {
            warn(
                .ownershipOverlap, at: second.location,
                "whether this condition overlaps the one at line \(first.location.line) was not found out in 15s")
            return false
        }
    }
}
