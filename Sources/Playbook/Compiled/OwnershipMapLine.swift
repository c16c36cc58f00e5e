public import Model

/// A line of the map of ownership: who owns a field of some rows in an epoch.
public struct OwnershipMapLine: Hashable, Sendable, Encodable {
    public let entity: String
    public let field: String
    /// `all`, a condition of the playbook's over the source's row, or `others` after the lines with conditions.
    public let rows: String
    public let owner: String

    /// The lines of an entity, field by field; of a field's lines the first that matches a row decides.
    public static func lines(of entity: CompiledEntity, in epoch: OwnershipEpoch) -> [OwnershipMapLine] {
        entity.fields.flatMap { field -> [OwnershipMapLine] in
            var lines: [OwnershipMapLine] = []
            func add(_ rows: String?, _ owner: Side) {
                lines.append(
                    OwnershipMapLine(
                        entity: entity.name.rawValue, field: field.column,
                        rows: rows ?? (lines.isEmpty ? "all" : "others"), owner: owner.rawValue))
            }
            for transfer in epoch.transfers.reversed() where transfer.takes(field.column, of: entity.name) {
                add(nil, transfer.owner)
                return lines
            }
            for rule in entity.ownershipRules.reversed() where rule.isInForce(on: field.column, in: epoch) {
                add(rule.rows?.source, rule.owner)
                if rule.rows == nil { return lines }
            }
            add(nil, entity.defaultOwner)
            return lines
        }
    }
}
