import Model

/// A foreign key between two entities, in the words of the source's columns.
struct EntityReference {
    let name: String
    let child: EntityDraft
    let parent: EntityDraft
    /// Source columns of the child, and those of the parent that they point at, by place.
    let columns: [String]
    let parentColumns: [String]
    /// Whether the target enforces it.
    let isOnTarget: Bool
}

extension PlaybookCompiler {
    /// Orders the entities by what their rows point at, look up, and follow into a wave.
    func referenceOrder() -> ReferenceOrder {
        var parents: [EntityName: Set<EntityName>] = [:]
        for draft in drafts {
            let keys = (draft.sourceTable?.foreignKeys ?? []).map { entities(from: $0.parent) }
            let targetKeys = draft.targetTable.foreignKeys.compactMap { entity(into: $0.parent) }
            let followed = playbook.waves.flatMap(\.scopes).compactMap { scope -> EntityName? in
                guard scope.entity.value == draft.name, case .via(let parent, _) = scope.rows else { return nil }
                return parent.value
            }
            let known = followed.filter { self.draft($0) != nil && $0 != draft.name }
            parents[draft.name] = Set((keys.flatMap { $0 } + targetKeys + lookups(of: draft)).map(\.name) + known)
        }
        let order = ReferenceOrder(drafts.map(\.name), parents: parents)
        for cycle in order.cycles {
            guard let first = drafts.first(where: { $0.name == cycle[0] }) else { continue }
            let names = cycle.map(\.rawValue).joined(separator: ", ")
            note(
                .referenceCycle, at: first.definition.name.location,
                "\(names) reference each other in a circle: no order has every parent first",
                advice: "rows that miss their parent wait for it; with target.references: replica nothing waits")
        }
        return order
    }

    /// The entities whose target rows an entity's expressions read.
    func lookups(of draft: EntityDraft) -> [EntityDraft] { draft.lookups.compactMap { entity(into: $0) } }

    func entity(into table: TableName) -> EntityDraft? { drafts.first { $0.target == table } }

    func entities(from table: TableName) -> [EntityDraft] { drafts.filter { $0.source == table } }

    func draft(_ name: EntityName) -> EntityDraft? { drafts.first { $0.name == name } }

    /// The foreign keys that connect entities, those of the target first, each once.
    func references(of child: EntityDraft) -> [EntityReference] {
        var found: [EntityReference] = []
        for key in child.targetTable.foreignKeys {
            guard let parent = entity(into: key.parent) else { continue }
            let columns = key.columns.compactMap { sourceColumn(of: $0, child) }
            let parentColumns = key.parentColumns.compactMap { sourceColumn(of: $0, parent) }
            guard columns.count == key.columns.count, parentColumns.count == key.parentColumns.count else { continue }
            found.append(
                EntityReference(
                    name: key.name, child: child, parent: parent, columns: columns, parentColumns: parentColumns,
                    isOnTarget: true))
        }
        for key in child.sourceTable?.foreignKeys ?? [] {
            for parent in entities(from: key.parent)
            where !found.contains(where: { $0.columns == key.columns && $0.parent === parent }) {
                found.append(
                    EntityReference(
                        name: key.name, child: child, parent: parent, columns: key.columns,
                        parentColumns: key.parentColumns, isOnTarget: false))
            }
        }
        return found
    }

    /// The source column that a target column is a plain copy of.
    private func sourceColumn(of targetColumn: String, _ draft: EntityDraft) -> String? {
        draft.compiledFields.first { $0.column == targetColumn }?.sourceColumn.map { draft.columns[$0].name }
    }
}
