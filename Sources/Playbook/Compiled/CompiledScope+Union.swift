internal import Model

extension CompiledScope {
    /// The rows that this scope or one of the others takes, under this one's name.
    public func including(_ others: [CompiledScope]) -> CompiledScope {
        let scopes = [self] + others
        func either(_ predicate: (CompiledScope) -> String) -> String {
            scopes.map { "(\(predicate($0)))" }.joined(separator: " OR ")
        }
        guard !others.isEmpty else { return self }
        if let whole = scopes.first(where: \.isAll) {
            return CompiledScope(
                wave: wave, entity: entity, isAll: true, parent: nil, sourcePredicate: whole.sourcePredicate,
                stagePredicate: whole.stagePredicate, dependencies: whole.dependencies)
        }
        var dependencies = self.dependencies
        for other in others { dependencies.formUnion(other.dependencies) }
        return CompiledScope(
            wave: wave, entity: entity, isAll: false, parent: scopes.lazy.compactMap(\.parent).first,
            sourcePredicate: either(\.sourcePredicate), stagePredicate: either(\.stagePredicate),
            dependencies: dependencies)
    }
}
