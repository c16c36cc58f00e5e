import ChangeEvents
import LibPQ
import Model

/// Makes SQL of a playbook, and finds what keeps that from working. It goes on after an error, so that one run finds
/// all of them.
final class PlaybookCompiler {
    let playbook: Playbook
    let source: Connection?
    let target: Connection
    /// What is turned round, for the playbook of a reverse flow.
    let forward: CompiledPlaybook?
    /// Source tables as they were when their contracts were pinned: these count, whatever the source has now.
    private let pinned: [EntityName: CatalogTable]
    private(set) var findings: [Finding]
    private(set) var sourceCatalog: Catalog?
    private(set) var targetCatalog = Catalog(tables: [:])
    private(set) var drafts: [EntityDraft] = []
    /// Assignments from one type to another that PostgreSQL makes by itself.
    var assignments: [TypePair: Bool] = [:]

    /// Whether the source's rows are looked at for what no catalog shows. It takes time, so only a check does it.
    let isThorough: Bool
    /// Whether the waves are still to be planned: then a foreign key that one cuts is collected, and is no finding.
    let isSurvey: Bool
    /// What a survey found to be cut.
    private(set) var cuts: [WaveCut] = []

    init(
        _ playbook: Playbook, source: Connection?, target: Connection, isThorough: Bool, isSurvey: Bool = false,
        forward: CompiledPlaybook? = nil, pinned: [EntityName: CatalogTable] = [:]
    ) {
        self.pinned = pinned
        self.forward = forward
        self.isThorough = isThorough
        self.isSurvey = isSurvey
        self.playbook = playbook
        self.source = source
        self.target = target
        findings = playbook.findings
    }

    var hasErrors: Bool { findings.contains { $0.severity == .error } }

    /// Compiles as far as it goes.
    ///
    /// - Returns: nil when there are errors among `findings`.
    /// - Throws: `PlaybookError` of code `database` when a database cannot be asked.
    func compile() throws(PlaybookError) -> CompiledPlaybook? {
        defer { if target.transactionStatus != .idle { _ = try? target.execute("ROLLBACK") } }
        do {
            return try compileAll()
        } catch let error as PostgresError {
            throw PlaybookError(.database, "a database could not be asked", underlying: error)
        } catch let error as PlaybookError {
            throw error
        } catch {
            throw PlaybookError(.database, "the playbook could not be compiled", underlying: error)
        }
    }

    private func compileAll() throws -> CompiledPlaybook? {
        try readCatalogs()
        guard try mayStage() else { return nil }
        let session = try ProbeSession(target)
        for draft in drafts { try describeSource(draft, session) }
        for draft in drafts { collectFields(draft) }
        for draft in drafts where !draft.columns.isEmpty { try compileExpressions(draft, session) }
        let order = referenceOrder()
        var compiled: [CompiledEntity] = []
        for draft in drafts {
            let scopes = try compileScopes(draft, session)
            let place = order.place(of: draft.name)
            let rules = try compileOwnership(draft, session)
            compiled.append(finish(draft, scopes: scopes, rules: rules, place: place))
        }
        if forward == nil { try checkOwnership() }
        for draft in drafts where !hasErrors { try explainStatements(draft, session) }
        try session.end()
        if forward == nil { try checkWaves() }
        guard !hasErrors else { return nil }
        return CompiledPlaybook(
            playbook: playbook, hash: try playbook.hash(on: target),
            entities: compiled.sorted { ($0.rank, $0.ordinal) < ($1.rank, $1.ordinal) }, cycles: order.cycles,
            findings: findings)
    }

    /// Whether the target's role may create the stages, without which nothing can be asked either.
    private func mayStage() throws(PostgresError) -> Bool {
        let right = try target.query(
            """
            SELECT has_database_privilege(current_database(), 'TEMP'), quote_ident(current_user),
                   quote_ident(current_database())
            """)
        if right.scalar == "t" { return true }
        let role = right[0, 1] ?? ""
        error(
            .roleRights, at: playbook.target.location, "the target's role \(role) may not create temporary tables",
            expected: "a role that can stage rows",
            advice: "GRANT TEMPORARY ON DATABASE \(right[0, 2] ?? "") TO \(role)")
        return false
    }

    private func finish(
        _ draft: EntityDraft, scopes: [CompiledScope], rules: [CompiledOwnershipRule], place: ReferenceOrder.Place
    ) -> CompiledEntity {
        let hasDefects = !draft.corrections.isEmpty || !draft.quarantines.isEmpty
        let isPlainCopy = !hasDefects && draft.compiledFields.allSatisfy { isCopied($0, draft) }
        return CompiledEntity(
            name: draft.name, flow: playbook.flow, ordinal: draft.ordinal, source: draft.source, target: draft.target,
            sourceColumns: draft.columns.map { .init(name: $0.name, type: $0.type, isKey: $0.isKey) },
            sourceKey: draft.sourceKey, fields: draft.compiledFields, parents: place.parents,
            lookups: lookups(of: draft).map(\.name).filter { $0 != draft.name }.sorted(),
            isSelfReferencing: place.isSelfReferencing, rank: place.rank, keyOrder: keyOrder(draft),
            isPlainCopy: isPlainCopy, scopes: scopes, quarantines: draft.quarantines,
            mayBeShared: playbook.ownership != nil, defaultOwner: seen(playbook.ownership?.defaultOwner ?? .source),
            ownershipRules: rules,
            deletes: playbook.ownership?.deletes ?? .refuse,
            contract: draft.sourceTable.map(playbook.contract)
                ?? playbook.contract(of: draft.definition, key: draft.sourceKey.map { draft.columns[$0].name }),
            sourceCatalog: draft.sourceTable, drift: draft.definition.drift, statements: draft.statements())
    }

    /// Whether the text of the source's value, read as the target column's type, is what the mapping makes of it. A `real` as
    /// double precision is not, nor the blanks of a `char` or the `t` of a boolean as text.
    private func isCopied(_ field: CompiledField, _ draft: EntityDraft) -> Bool {
        guard let column = field.sourceColumn.map({ draft.columns[$0] }) else { return false }
        let isCast = field.sql != "\(draft.alias).\(quotedIdentifier(column.name))"
        return !isCast || !["float4", "bpchar", "bool"].contains(column.type.name)
    }

    // MARK: Catalogs

    private func readCatalogs() throws(PostgresError) {
        let targetNames = playbook.entities.map(\.into.value)
        targetCatalog = try Catalog(reading: targetNames, on: target)
        if let source { sourceCatalog = try Catalog(reading: playbook.entities.map(\.from.value), on: source) }
        for (ordinal, definition) in playbook.entities.enumerated() {
            let sourceTable = pinned[definition.name.value] ?? sourceCatalog?[definition.from.value]
            if let source, sourceTable == nil { try reportUnknown(definition.from, "source", source) }
            guard let targetTable = targetCatalog[definition.into.value] else {
                try reportUnknown(definition.into, "target", target)
                continue
            }
            guard targetTable.kind == .table || targetTable.kind == .partitioned else {
                error(
                    .unknownTable, at: definition.into.location, "\(definition.into.value) is a view or foreign table",
                    expected: "a table of the target")
                continue
            }
            guard source == nil || sourceTable != nil else { continue }
            drafts.append(
                EntityDraft(definition, ordinal: ordinal, sourceTable: sourceTable, targetTable: targetTable))
        }
    }

    private func reportUnknown(
        _ name: Located<TableName>, _ side: String, _ connection: Connection
    ) throws(PostgresError) {
        let names = try Catalog.tableNames(on: connection).map(\.description)
        error(
            .unknownTable, at: name.location, "the \(side) has no table \(name.value)",
            expected: "a table that the \(side)'s role can see",
            advice: NearMiss.advice(for: name.value.description, among: names)
                ?? "create it, or grant the role USAGE on its schema")
    }

    // MARK: Findings

    func add(_ finding: Finding) {
        let told = forward == nil ? finding : finding.ofReverseFlow
        if !findings.contains(told) { findings.append(told) }
    }

    func add(_ cut: WaveCut) { cuts.append(cut) }

    func error(
        _ rule: Rule, at location: FileLocation, _ message: String, expected: String? = nil, advice: String? = nil
    ) {
        add(Finding(.error, rule, at: location, message, expected: expected, advice: advice))
    }

    func warn(
        _ rule: Rule, at location: FileLocation, _ message: String, expected: String? = nil, advice: String? = nil
    ) {
        add(Finding(.warning, rule, at: location, message, expected: expected, advice: advice))
    }

    func note(_ rule: Rule, at location: FileLocation, _ message: String, advice: String? = nil) {
        add(Finding(.note, rule, at: location, message, advice: advice))
    }

    /// Reports an expression that a database refuses, at the character it names.
    func report(_ refusal: ProbeSession.Refusal, _ expression: SQLExpression, _ what: String, names: [String]) {
        let place = refusal.position.map(expression.location(ofCharacter:)) ?? expression.location
        let isColumn = refusal.error.sqlState == .undefinedColumn
        var advice = refusal.error.hint
        if isColumn, let position = refusal.position {
            let rest = expression.sql.unicodeScalars.dropFirst(position - 1)
            let word = String(
                String.UnicodeScalarView(
                    rest.prefix { $0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0) }))
            advice = NearMiss.advice(for: word, among: names) ?? "the columns are \(names.joined(separator: ", "))"
        }
        let isRight = refusal.error.sqlState == .insufficientPrivilege
        error(
            isColumn ? .unknownColumn : isRight ? .roleRights : .expression, at: place,
            "\(what): \(refusal.error.message)",
            expected: "SQL over \(names.isEmpty ? "the row" : "the row's columns")", advice: advice)
    }
}
