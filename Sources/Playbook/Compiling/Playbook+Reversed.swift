import ChangeEvents
public import Model

extension Playbook {
    /// The entities whose rows flow back from the target to the source: those of which it may own anything.
    public var reverseEntities: [EntityDefinition] {
        guard ownership != nil, source.postgres != nil else { return [] }
        return entities.filter { mayOwnRows(of: $0.name.value) || !fieldsToOwn(of: $0.name.value).isEmpty }
    }

    /// The playbook of the reverse flow: the sides swapped, the mapping of the entities that flow back inverted. Its
    /// rules of ownership stay as they are, in the words of the forward mapping.
    ///
    /// - Returns: nil when nothing flows back.
    func reversed(from forward: CompiledPlaybook) -> Playbook? {
        guard let source = source.postgres else { return nil }
        let inverted = reverseEntities.compactMap { definition in
            forward[definition.name.value].map { self.inverted(definition, $0) }
        }
        guard !inverted.isEmpty else { return nil }
        var reversed = self
        reversed.flow = .reverse
        reversed.source = SourceSection(
            postgres: target.postgres, connector: reverse?.connector ?? [:],
            location: reverse?.location ?? target.location)
        reversed.target = TargetSection(
            postgres: source, references: reverse?.references ?? .wait, location: self.source.location)
        reversed.kafka.topics = reverseTopics
        reversed.kafka.format = .debeziumJSON
        reversed.kafka.schemaChanges = nil
        reversed.entities = inverted
        reversed.waves = []
        reversed.masking = nil
        reversed.findings = []
        return reversed
    }

    /// The names of the topics of the target's changes.
    public var reverseTopics: Located<String> {
        reverse?.topics ?? Located("\(name).reverse.{schema}.{table}", at: reverse?.location ?? kafka.location)
    }

    /// The topics of a flow, without repetition, sorted.
    public func topics(reverse isReverse: Bool = false) -> [String] {
        var kafka = kafka
        if isReverse { kafka.topics = reverseTopics }
        let tables = isReverse ? reverseEntities.map(\.into.value) : entities.map(\.from.value)
        return Set(tables.map { kafka.topic(of: $0) }).sorted()
    }

    // MARK: What the target may own

    /// Whether the target may own rows of an entity as a whole, at some time.
    public func mayOwnRows(of entity: EntityName) -> Bool {
        ownership?.defaultOwner == .target || isToBeTransferred(entity)
            || rulesForTarget(entity).contains { $0.fields.isEmpty }
    }

    /// The fields that rules give to the target one by one.
    private func fieldsToOwn(of entity: EntityName) -> Set<String> {
        Set(rulesForTarget(entity).flatMap { $0.fields.map(\.value) })
    }

    /// Whether an entity is named to flow back whatever the rules say.
    func isToBeTransferred(_ entity: EntityName) -> Bool {
        reverse?.entities.contains { $0.value == entity } ?? false
    }

    private func rulesForTarget(_ entity: EntityName) -> [OwnershipSection.OwnershipRule] {
        ownership?.rules.filter { $0.entity.value == entity && $0.owner == .target } ?? []
    }

    // MARK: The inverse

    /// An entity with its sides swapped: a field for each source column that the target may own, that is in the key or
    /// that a condition looks at.
    private func inverted(_ definition: EntityDefinition, _ forward: CompiledEntity) -> EntityDefinition {
        let owned = fieldsToOwn(of: forward.name)
        var needed = ColumnSet(forward.sourceKey)
        for rule in forward.ownershipRules { needed.formUnion(rule.rows?.dependencies ?? ColumnSet()) }
        let ownsRows = mayOwnRows(of: forward.name)
        let fields = forward.sourceColumns.indices.compactMap { column -> FieldDefinition? in
            guard let field = definition.inverse(of: column, forward, preferring: owned),
                ownsRows || needed.contains(column) || owned.contains(field.forwardColumn ?? "")
            else { return nil }
            return field
        }
        var inverted = definition
        inverted.from = definition.into
        inverted.into = definition.from
        inverted.key = forward.sourceKey.map {
            Located(forward.sourceColumns[$0].name, at: definition.key.first?.location ?? definition.name.location)
        }
        inverted.fields = .named(fields)
        inverted.defects = []
        inverted.checks = []
        inverted.columns = []
        inverted.order = nil
        return inverted
    }
}

extension EntityDefinition {
    /// How a source column's value follows from the target's row; nil when no field says so.
    ///
    /// - Parameter owned: fields of which one decides where several would do.
    fileprivate func inverse(
        of column: Int, _ forward: CompiledEntity, preferring owned: Set<String>
    ) -> FieldDefinition? {
        let candidates = forward.fields.compactMap { field -> (name: String, sql: SQLExpression)? in
            let definition = self.field(field.column)
            if let reverse = definition?.reverse {
                return field.dependencies.columns == [column] ? (field.column, reverse) : nil
            }
            guard field.sourceColumn == column, definition?.mask == nil else { return nil }
            return (
                field.column,
                SQLExpression(quotedIdentifier(field.column), at: definition?.from.location ?? fieldsLocation)
            )
        }
        guard let chosen = candidates.first(where: { owned.contains($0.name) }) ?? candidates.first else { return nil }
        return FieldDefinition(
            column: Located(forward.sourceColumns[column].name, at: chosen.sql.location), from: chosen.sql,
            reverse: nil, mask: nil, seed: field(chosen.name)?.seed ?? .once, forwardColumn: chosen.name)
    }

    private func field(_ column: String) -> FieldDefinition? {
        guard case .named(let fields) = fields else { return nil }
        return fields.first { $0.column.value == column }
    }
}
