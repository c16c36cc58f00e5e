extension SourceContract {
    /// How a source differs now from the contract.
    ///
    /// What only one of the two tells (types and numbers, where one was made from events) is not compared. A column that
    /// went and one that came under the same number are one that was renamed; without numbers they are two changes.
    ///
    /// - Parameter now: nil for a table that is not there.
    public func difference(to now: SourceContract?) -> [ContractChange] {
        guard let now else { return [.tableDropped(table: table)] }
        var dropped = columns.filter { now.column($0.name) == nil && !$0.isGenerated }
        var added = now.columns.filter { column($0.name) == nil && !$0.isGenerated }
        var changes: [ContractChange] = []
        var newNames: [String: String] = [:]
        for column in dropped {
            guard let number = column.number, let place = added.firstIndex(where: { $0.number == number }) else {
                continue
            }
            let renamed = added.remove(at: place)
            dropped.removeAll { $0 == column }
            newNames[column.name] = renamed.name
            changes.append(.renamed(from: column, to: renamed))
            changes += Self.changes(of: renamed.name, from: column, to: renamed)
        }
        changes += dropped.map { .dropped($0) } + added.map { .added($0) }
        for old in columns {
            guard let new = now.column(old.name) else { continue }
            changes += Self.changes(of: old.name, from: old, to: new)
        }
        if !key.isEmpty || !now.key.isEmpty, key.map({ newNames[$0] ?? $0 }) != now.key {
            changes.append(.keyChanged(from: key, to: now.key))
        }
        if let replicaIdentity, let other = now.replicaIdentity, other != replicaIdentity {
            changes.append(.replicaIdentityChanged(from: replicaIdentity, to: other))
        }
        return changes
    }

    /// How a row's fields, by name, differ from the contract. Types are not told by names.
    public func difference(toFields fields: Set<String>) -> [ContractChange] {
        let expected = eventColumns
        return columns.filter { expected.contains($0.name) && !fields.contains($0.name) }.map { .dropped($0) }
            + fields.filter { column($0) == nil }.sorted().map { .added(Column(name: $0)) }
    }

    private static func changes(of name: String, from old: Column, to new: Column) -> [ContractChange] {
        var changes: [ContractChange] = []
        if let before = old.type, let after = new.type, before != after {
            changes.append(.retyped(column: name, from: before, to: after))
        }
        switch (old.isNotNull, new.isNotNull) {
        case (false?, true?): changes.append(.newlyNotNull(column: name))
        case (true?, false?): changes.append(.noLongerNotNull(column: name))
        default: break
        }
        return changes
    }
}
