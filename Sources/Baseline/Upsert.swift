import LibPQ
import Model
import Playbook

/// The statements that write a baseline's staged rows: rows are made whoever owns them, and of those that are there only
/// what the source owns is changed.
struct Upsert {
    /// Who owns what of the entity.
    let ownership: EntityOwnership
    private let judging: [(sql: String, isOfMask: Bool)]
    private let writing: [String]

    /// - Parameter present: the source columns that the rows have; nil: all of them.
    /// - Throws: `BaselineError` when the key cannot be made from them.
    init(_ entity: LoadingEntity, present: ColumnSet?, ownership: EntityOwnership) throws {
        self.ownership = ownership
        let statements = entity.entity.statements
        let columns = present ?? entity.entity.allColumns
        writing = ownership.rights(of: entity.entity, seeding: true).compactMap {
            statements.upsert(present: columns, rights: $0)
        }
        guard !writing.isEmpty else {
            throw BaselineError(.source, "the key of \(entity.name) cannot be made from the source's columns")
        }
        judging =
            ownership.predicates.isEmpty
            ? []
            : [
                (statements.judgeImages(ownership, present: columns), true), (statements.judgeStored(ownership), false),
                (statements.judgeAbsent(ownership), true),
            ]
    }

    /// What writes the rows of a mask, in order.
    func statements(mask: Int) -> [(sql: String, parameters: [Parameter])] {
        judging.map { ($0.sql, $0.isOfMask ? [.int(mask)] : []) } + writing.map { ($0, [.int(mask)]) }
    }
}
