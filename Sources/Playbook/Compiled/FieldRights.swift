import Model

/// What the staged images of one statement may write.
public struct FieldRights: Hashable, Sendable {
    /// The columns that may be updated; nil for all.
    let updated: Set<String>?
    /// The columns that an insert writes; nil for all.
    let inserted: Set<String>?
    /// Whether rows may be inserted at all.
    public let mayInsert: Bool
    /// The value of the stage's `_owned` that makes an image one of them; nil for all.
    let signature: Int?

    /// Whoever may write everything.
    public static let everything = FieldRights(updated: nil, inserted: nil, mayInsert: true, signature: nil)

    func updates(_ field: CompiledField) -> Bool { updated?.contains(field.column) ?? true }
    func inserts(_ field: CompiledField) -> Bool { inserted?.contains(field.column) ?? true }
    func condition(_ alias: String) -> String { signature.map { " AND \(alias).\"_owned\" = \($0)" } ?? "" }
}

extension EntityOwnership {
    /// The values that the stage's `_owned` can have: one bit for each predicate, set where the source owns.
    public var signatures: [Int] { predicates.isEmpty ? [] : Array(0..<(1 << predicates.count)) }

    /// Whether the source owns a column of the rows with a signature.
    public func isSources(_ owner: Owner?, signature: Int) -> Bool {
        switch owner {
        case .always(let side): side == .source
        case .byRow(let predicate): signature >> predicate & 1 == 1
        case nil: true
        }
    }

    /// The rights of what the source writes, one for each statement that is needed.
    ///
    /// - Parameter seeding: whether rows are made whoever owns them, as a baseline does: they have to come from somewhere.
    public func rights(of entity: CompiledEntity, seeding: Bool = false) -> [FieldRights] {
        if isAllSource { return [.everything] }
        guard !predicates.isEmpty else { return [rights(of: entity, signature: nil, seeding)] }
        return signatures.map { rights(of: entity, signature: $0, seeding) }
    }

    private func rights(of entity: CompiledEntity, signature: Int?, _ seeding: Bool) -> FieldRights {
        let owned = Set(
            entity.fields.filter { isSources(owners[$0.column], signature: signature ?? 0) }.map(\.column))
        let seeded = entity.fields.filter(\.isSeeded).map(\.column)
        return FieldRights(
            updated: owned, inserted: owned.union(seeded),
            mayInsert: seeding || isSources(rowOwner, signature: signature ?? 0),
            signature: signature)
    }
}
