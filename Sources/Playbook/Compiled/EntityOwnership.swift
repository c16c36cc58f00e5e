public import Model

/// Who owns what of an entity in an epoch: of the rules that match, the last decides.
///
/// The owner of the key's fields owns the row: it may insert and delete it.
public struct EntityOwnership: Hashable, Sendable {
    /// Who owns a field.
    public enum Owner: Hashable, Sendable {
        /// The same side for every row.
        case always(Side)
        /// It depends on the row: the number of the predicate among `predicates`.
        case byRow(Int)
    }

    /// Whether the source owns a group of fields of a row, as SQL that is never NULL.
    public struct Predicate: Hashable, Sendable {
        /// Over the source's row, under the source table's name.
        public let source: String
        /// Over the target's row, under the name `_target`.
        public let target: String
        /// The source columns that it looks at.
        public let dependencies: ColumnSet
    }

    /// The epoch that this is true in.
    public let epoch: Int64
    /// Where the log of the side that rows come from ended when the epoch began; nil when that is not known.
    public let began: LSN?
    /// The owner of each target column that the entity writes.
    public let owners: [String: Owner]
    /// The different conditions that decide.
    public let predicates: [Predicate]
    /// The owner of the row as a whole.
    public let rowOwner: Owner

    /// What the rules, and then the epoch's transfers, make of an entity's fields.
    public init(of entity: CompiledEntity, in epoch: OwnershipEpoch) {
        self.epoch = epoch.number
        began = epoch.number == 0 ? LSN(rawValue: 0) : epoch.began[entity.flow.from]
        var predicates: [Predicate] = []
        var owners: [String: Owner] = [:]
        for field in entity.fields {
            let decision = Self.decision(on: field.name, of: entity, in: epoch)
            switch decision {
            case .always(let side): owners[field.column] = .always(side)
            case .depends(let predicate):
                if let known = predicates.firstIndex(of: predicate) {
                    owners[field.column] = .byRow(known)
                } else {
                    owners[field.column] = .byRow(predicates.count)
                    predicates.append(predicate)
                }
            }
        }
        self.owners = owners
        self.predicates = predicates
        rowOwner = entity.fields.first(where: \.isKey).flatMap { owners[$0.column] } ?? .always(.source)
    }

    /// Whether the source owns everything: nothing has to be looked at.
    public var isAllSource: Bool { owners.values.allSatisfy { $0 == .always(.source) } }

    private enum Decision {
        case always(Side)
        case depends(Predicate)
    }

    private static func decision(
        on field: String, of entity: CompiledEntity, in epoch: OwnershipEpoch
    ) -> Decision {
        var decision = Decision.always(entity.defaultOwner)
        for rule in entity.ownershipRules where rule.isInForce(on: field, in: epoch) {
            decision = refine(decision, by: rule)
        }
        let transfer = epoch.transfers.last { $0.takes(field, of: entity.name) }
        return transfer.map { .always(entity.flow == .forward ? $0.owner : $0.owner.other) } ?? decision
    }

    /// What a rule makes of the decision that the rules before it came to.
    private static func refine(_ before: Decision, by rule: CompiledOwnershipRule) -> Decision {
        guard let rows = rule.rows else { return .always(rule.owner) }
        func combine(_ sql: String, with earlier: String?) -> String {
            let own = "(\(sql)) \(rule.owner == .source ? "IS TRUE" : "IS NOT TRUE")"
            return earlier.map { "(\(own) \(rule.owner == .source ? "OR" : "AND") \($0))" } ?? own
        }
        var earlier: Predicate?
        switch before {
        case .always(rule.owner): return before
        case .always: break
        case .depends(let predicate): earlier = predicate
        }
        var dependencies = rows.dependencies
        if let earlier { dependencies.formUnion(earlier.dependencies) }
        return .depends(
            Predicate(
                source: combine(rows.source, with: earlier?.source),
                target: combine(rows.target, with: earlier?.target), dependencies: dependencies))
    }
}
