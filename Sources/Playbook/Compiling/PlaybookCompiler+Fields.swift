import Model

extension PlaybookCompiler {
    /// Finds out which target columns are written, and which of them are the key.
    func collectFields(_ draft: EntityDraft) {
        guard !draft.columns.isEmpty else { return }
        switch draft.definition.fields {
        case .same: collectSame(draft)
        case .named(let fields): collectNamed(fields, draft)
        }
        collectKey(draft)
        reportRequired(draft)
        reportUncarried(draft)
    }

    private func collectSame(_ draft: EntityDraft) {
        let place = draft.definition.fieldsLocation
        for column in draft.targetTable.columns where !column.isGenerated {
            guard let index = draft.columns.firstIndex(where: { $0.name == column.name }) else {
                reportGeneratedSource(named: column.name, draft, at: place)
                continue
            }
            draft.fields.append(
                DraftField(
                    column: column, expression: SQLExpression(quotedIdentifier(column.name), at: place),
                    plainColumn: index, mask: nil, reverse: nil, seed: .once, name: column.name))
        }
    }

    private func reportGeneratedSource(named name: String, _ draft: EntityDraft, at place: FileLocation) {
        guard draft.sourceTable?.column(name)?.isGenerated == true else { return }
        error(
            .generatedColumn, at: place,
            "the source column \(name) is generated, and changes of generated columns are not in the stream",
            expected: "fields: with an expression for \(name)",
            advice: "name the fields, and give \(name) the expression that generates it")
    }

    private func collectNamed(_ fields: [FieldDefinition], _ draft: EntityDraft) {
        let names = draft.targetTable.columns.map(\.name)
        for field in fields {
            guard let column = draft.targetTable.column(field.column.value) else {
                error(
                    .unknownColumn, at: field.column.location,
                    "the target table \(draft.target) has no column \(field.column.value)",
                    expected: "one of \(names.joined(separator: ", "))",
                    advice: NearMiss.advice(for: field.column.value, among: names))
                continue
            }
            guard !column.isGenerated else {
                error(
                    .generatedColumn, at: field.column.location,
                    "the target column \(column.name) is generated and cannot be written",
                    expected: "a column that is stored", advice: "remove the field: the target computes it")
                continue
            }
            draft.fields.append(
                DraftField(
                    column: column, expression: field.from, plainColumn: draft.plainColumn(field.from.sql),
                    mask: field.mask, reverse: field.reverse, seed: field.seed, tolerance: field.tolerance,
                    name: field.forwardColumn ?? column.name))
        }
    }

    private func collectKey(_ draft: EntityDraft) {
        let place = draft.definition.name.location
        if draft.definition.key.isEmpty {
            draft.key = draft.targetTable.primaryKey.map { Located($0, at: place) }
            if draft.key.isEmpty {
                error(
                    .keyNotUnique, at: place, "the target table \(draft.target) has no primary key",
                    expected: "key: [...] with the columns of a unique index",
                    advice: "add a primary key, or name a key")
                return
            }
        } else {
            let names = draft.targetTable.columns.map(\.name)
            for name in draft.definition.key where !names.contains(name.value) {
                error(
                    .unknownColumn, at: name.location, "the target table \(draft.target) has no column \(name.value)",
                    expected: "one of \(names.joined(separator: ", "))",
                    advice: NearMiss.advice(for: name.value, among: names))
            }
            draft.key = draft.definition.key.filter { names.contains($0.value) }
            guard draft.key.count == draft.definition.key.count else { return }
        }
        let key = draft.key.map(\.value)
        if !draft.targetTable.isUnique(key) {
            error(
                .keyNotUnique, at: draft.key[0].location,
                "the key (\(key.joined(separator: ", "))) is not unique in the target table \(draft.target)",
                expected: "the columns of a primary key or of a unique index that covers every row at once",
                advice: "CREATE UNIQUE INDEX ON \(draft.target.quoted) "
                    + "(\(key.map(quotedIdentifier).joined(separator: ", ")))")
        }
        for name in draft.key where !draft.fields.contains(where: { $0.column.name == name.value }) {
            error(
                .missingKey, at: name.location, "the key column \(name.value) has no field",
                expected: "a field \(name.value)", advice: "add \(name.value) to the fields")
        }
    }

    private func reportRequired(_ draft: EntityDraft) {
        // What flows back of rows that are the source's makes none.
        if forward != nil, !playbook.mayOwnRows(of: draft.name) { return }
        let isSame = if case .same = draft.definition.fields { true } else { false }
        for column in draft.targetTable.columns
        where !column.isOptional && !draft.fields.contains(where: { $0.column.name == column.name }) {
            // A key column without a field, and one of `same` that the source generates, are reported as such.
            guard !draft.key.contains(where: { $0.value == column.name }),
                !isSame || draft.sourceTable?.column(column.name)?.isGenerated != true
            else { continue }
            error(
                .requiredColumn, at: draft.definition.fieldsLocation,
                "the target column \(column.name) of \(draft.target) is NOT NULL without a default, and no field makes it",
                expected: "a field \(column.name)", advice: "add a field, give the column a default, or allow NULL")
        }
    }

    private func reportUncarried(_ draft: EntityDraft) {
        guard case .same = draft.definition.fields else { return }
        let uncarried = draft.columns.map(\.name).filter { name in draft.targetTable.column(name) == nil }
        guard !uncarried.isEmpty else { return }
        warn(
            .unmappedColumn, at: draft.definition.fieldsLocation,
            "the target table \(draft.target) has no column for \(uncarried.joined(separator: ", ")): not carried over",
            expected: "a target column of each name",
            advice: "add the columns, or name the fields to say that it is meant")
    }

    // MARK: The key on the source

    /// Finds the source columns that make the key, once the fields are compiled.
    func resolveSourceKey(_ draft: EntityDraft) {
        let keyFields = draft.key.compactMap { name in draft.compiledFields.first { $0.column == name.value } }
        guard keyFields.count == draft.key.count, let first = draft.key.first else { return }
        var columns: [Int] = []
        for field in keyFields {
            for column in field.dependencies.columns where !columns.contains(column) { columns.append(column) }
        }
        draft.sourceKey = columns
        // The key's order is the playbook's, in the statements too.
        draft.compiledFields = keyFields + draft.compiledFields.filter { !$0.isKey }
        if draft.sourceTable == nil {
            draft.eventKey = columns.map { draft.columns[$0].name }
            for column in columns { draft.columns[column].isKey = true }
        }
        let names = Set(columns.map { draft.columns[$0].name })
        let made = draft.key.map(\.value).joined(separator: ", ")
        guard !draft.eventKey.isEmpty else {
            error(
                .keyNotInEvents, at: first.location,
                "the source table \(draft.source) has no key, so its events have none",
                expected: "a primary key, or a unique index over NOT NULL columns",
                advice: "add one, or set the connector's message.key.columns and say so in source.connector")
            return
        }
        guard names == Set(draft.eventKey) else {
            error(
                .keyNotInEvents, at: first.location,
                "the key (\(made)) is made of (\(names.sorted().joined(separator: ", "))), but events of \(draft.source) "
                    + "are keyed by (\(draft.eventKey.joined(separator: ", ")))",
                expected: "a key made of exactly the columns that events are keyed by",
                advice: "use \(draft.eventKey.joined(separator: ", ")), which deletes bring too")
            return
        }
        if columns.map({ draft.columns[$0].name }) != draft.eventKey {
            note(
                .keyNotPlain, at: first.location,
                "the key (\(made)) is in another order than the key of \(draft.source), "
                    + "(\(draft.eventKey.joined(separator: ", "))): its index does not help to read chunks",
                advice: "name the key's columns in the source's order")
        }
        for field in keyFields where field.sourceColumn == nil {
            let place = draft.fields.first { $0.column.name == field.column }?.expression.location ?? first.location
            warn(
                .keyNotPlain, at: place,
                "the key field \(field.column) is computed: two source rows that give the same key become one row",
                expected: "a plain source column", advice: "make sure that the expression is different for each row")
        }
    }

    func keyOrder(_ draft: EntityDraft) -> EntityDefinition.KeyOrder {
        let keyFields = draft.compiledFields.filter(\.isKey)
        let isStrong = keyFields.allSatisfy { field in
            guard let index = field.sourceColumn, let target = draft.targetTable.column(field.column) else {
                return false
            }
            let column = draft.columns[index]
            guard let source = column.catalog else { return false }
            return !column.isStagedAsText && source.sortsByBytes && target.sortsByBytes
                && (source.bareBaseType == target.bareBaseType || (source.category == "N" && target.category == "N"))
                && !source.isArray
        }
        if !isStrong, draft.definition.order == .strong {
            warn(
                .weakKeyOrder, at: draft.definition.name.location,
                "order: strong is not taken: the key's values need not sort alike on both sides",
                expected: "integers, uuid, dates, bytea, or text in the C collation on both sides",
                advice: "leave order out")
        }
        return isStrong ? draft.definition.order ?? .strong : .weak
    }
}
