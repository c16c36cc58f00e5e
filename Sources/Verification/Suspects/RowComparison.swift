import Foundation
import Ledger
import Model
import Playbook

/// Compares the two sides of a key, value by value.
struct RowComparison {
    let entity: ComparedEntity

    func verdict(_ source: SourceRow?, _ target: TargetRow?) -> RowVerdict {
        switch (source, target) {
        case (nil, nil): return .equal
        case (let source?, nil):
            if source.isSetAside { return .setAside }
            return source.isInLiveScope && isSources(entity.ownership.rowOwner, source.owned) ? .missing : .equal
        case (nil, let target?): return isSources(entity.ownership.rowOwner, target.owned) ? .extra : .equal
        case (let source?, let target?):
            if source.isSetAside { return .setAside }
            let differing = differingFields(source, target)
            return differing.isEmpty ? .equal : .different(differing)
        }
    }

    /// A value is the source's to write only if both the incoming and the stored row say so.
    private func differingFields(_ source: SourceRow, _ target: TargetRow) -> [String] {
        entity.fields.indices.filter { place in
            let field = entity.fields[place]
            guard field.isKey || isSources(entity.ownership.owners[field.column], source.owned & target.owned) else {
                return false
            }
            return !isSame(source.values[place], target.values[place], field.canonical.tolerance)
        }.map { entity.fields[$0].column }
    }

    private func isSources(_ owner: EntityOwnership.Owner?, _ bits: Int) -> Bool {
        entity.ownership.isSources(owner, signature: bits)
    }

    private func isSame(_ one: String?, _ other: String?, _ tolerance: FieldTolerance?) -> Bool {
        if one == other { return true }
        guard case .difference(let size) = tolerance, let one, let other, let limit = Decimal(string: size),
            let here = Decimal(string: one), let there = Decimal(string: other)
        else { return false }
        return abs(here - there) <= limit
    }
}
