import ChangeEvents
public import Model

/// What a person may do about a source that no longer keeps to its contract: statements for the target and lines for the
/// playbook. Proposed, never carried out.
public struct DriftProposal: Sendable {
    /// Statements for the target, in order.
    public private(set) var statements: [String] = []
    /// Lines for the playbook, and words where no line can be given.
    public private(set) var playbook: [String] = []
    private let entity: CompiledEntity
    private let isSame: Bool

    /// What to do about one change of an entity's source.
    public init(_ change: ContractChange, of entity: CompiledEntity, in playbook: Playbook) {
        self.entity = entity
        if case .same? = playbook.entity(entity.name)?.fields { isSame = true } else { isSame = false }
        propose(change)
    }

    private mutating func propose(_ change: ContractChange) {
        switch change {
        case .added(let column): add(column)
        case .dropped(let column): drop(column)
        case .renamed(let from, let to): rename(from.name, to.name)
        case .retyped(let column, _, let to): retype(column, to)
        case .newlyNotNull(let column):
            for field in plainFields(column) where !field.isNotNull {
                statements.append(alter("ALTER COLUMN \(quotedIdentifier(field.column)) SET NOT NULL"))
            }
        case .noLongerNotNull(let column):
            for field in plainFields(column) where field.isNotNull && !field.isKey {
                statements.append(alter("ALTER COLUMN \(quotedIdentifier(field.column)) DROP NOT NULL"))
            }
        case .keyChanged(_, let to):
            line("key", "[\(to.joined(separator: ", "))]", "the target columns that take them")
            let columns = to.map { name in plainFields(name).first?.column ?? name }
            statements.append(
                alter("ADD UNIQUE (\(columns.map(quotedIdentifier).joined(separator: ", ")))")
                    + " -- in place of its primary key")
        case .replicaIdentityChanged(_, let to):
            if to != "f" { playbook.append("# nothing to change; events bring less of the old row than before") }
        case .tableDropped:
            playbook.append("# take \(entity.name) out of entities and waves, or name its new table in from")
        }
    }

    private mutating func add(_ column: SourceContract.Column) {
        let type = column.type ?? "/* its type */"
        let addition = column.defaultExpression.map { " DEFAULT \($0)" } ?? ""
        let isNotNull = column.isNotNull == true && column.defaultExpression != nil
        statements.append(
            alter("ADD COLUMN \(quotedIdentifier(column.name)) \(type)\(addition)\(isNotNull ? " NOT NULL" : "")"))
        if isSame {
            playbook.append("# fields: same takes the column once the target has it")
        } else {
            line("fields.\(column.name)", column.name)
        }
    }

    private mutating func drop(_ column: SourceContract.Column) {
        for field in fields(using: column.name) {
            if field.isNotNull, !field.isKey {
                statements.append(alter("ALTER COLUMN \(quotedIdentifier(field.column)) DROP NOT NULL"))
            }
            guard !isSame else { continue }
            line("fields.\(field.column)", "...", "take it out, or make it of other columns than \(column.name)")
        }
        if isSame { playbook.append("# fields: same leaves the column out from then on; the target keeps what it has") }
    }

    private mutating func rename(_ old: String, _ new: String) {
        guard !isSame else {
            statements.append(alter("RENAME COLUMN \(quotedIdentifier(old)) TO \(quotedIdentifier(new))"))
            playbook.append("# fields: same takes it under its new name once the target has that")
            return
        }
        for field in fields(using: old) {
            if field.sourceColumn == nil {
                line("fields.\(field.column)", "...", "\(new) in the place of \(old)")
            } else {
                line("fields.\(field.column)", new)
            }
        }
    }

    private mutating func retype(_ column: String, _ type: String) {
        for field in plainFields(column) {
            let name = quotedIdentifier(field.column)
            statements.append(alter("ALTER COLUMN \(name) TYPE \(type) USING \(name)::\(type)"))
        }
        for field in fields(using: column) where field.sourceColumn == nil {
            line("fields.\(field.column)", "...", "\(column) is \(type) in it now")
        }
    }

    private func alter(_ what: String) -> String { "ALTER TABLE \(entity.target.quoted) \(what);" }

    private mutating func line(_ path: String, _ value: String, _ remark: String = "") {
        playbook.append(
            "entities.\(entity.name).\(path): \(value)" + (remark.isEmpty ? "" : "  # \(remark)"))
    }

    private func fields(using column: String) -> [CompiledField] {
        guard let place = entity.sourceColumns.firstIndex(where: { $0.name == column }) else { return [] }
        return entity.fields.filter { $0.dependencies.contains(place) }
    }

    private func plainFields(_ column: String) -> [CompiledField] {
        guard let place = entity.sourceColumns.firstIndex(where: { $0.name == column }) else { return [] }
        return entity.fields.filter { $0.sourceColumn == place }
    }
}
