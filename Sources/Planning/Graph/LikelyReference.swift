import Model
import Playbook

/// A column that looks like a reference, by its name and its type.
struct LikelyReference: Hashable {
    let child: EntityName
    let parent: EntityName
    let side: Side
    let childTable: TableName
    let parentTable: TableName
    let column: String
    let parentColumn: String
}

extension LikelyReference {
    /// The columns of the entities' tables, on one side, that look like references to other entities and are in no
    /// foreign key: named after a table, in the plural or the singular, and its key, with a type that can be compared.
    static func all(in playbook: CompiledPlaybook, _ side: Side, _ catalog: Catalog) -> [LikelyReference] {
        let tables = playbook.entities.compactMap { entity in
            catalog[side == .source ? entity.source : entity.target].map { (entity.name, $0) }
        }
        var found: [LikelyReference] = []
        for (child, table) in tables {
            let declared = Set(table.foreignKeys.flatMap(\.columns))
            for column in table.columns where !declared.contains(column.name) && !column.isGenerated {
                let matches = tables.filter { parent, parentTable in
                    guard let key = parentTable.singleKey, !(parent == child && key.name == column.name) else {
                        return false
                    }
                    return key.isComparable(with: column) && parentTable.isNamed(by: column.name, key: key.name)
                }
                // Of several, the one whose name says most: `order_line_id` is no `line_id`.
                guard let best = matches.max(by: { $0.1.name.name.count < $1.1.name.name.count }),
                    let key = best.1.singleKey
                else { continue }
                found.append(
                    LikelyReference(
                        child: child, parent: best.0, side: side, childTable: table.name, parentTable: best.1.name,
                        column: column.name, parentColumn: key.name))
            }
        }
        return found
    }
}

extension CatalogTable {
    fileprivate var singleKey: CatalogColumn? {
        primaryKey.count == 1 ? column(primaryKey[0]) : nil
    }

    /// Whether a column's name says that it points at this table: `customer_id`, `customers_id`, `billing_customer_id`,
    /// `customerId`, `customer_no` for a key `no`.
    func isNamed(by column: String, key: String) -> Bool {
        let column = Self.plain(column)
        let keys: Set<String> = ["id", Self.plain(key)]
        return Self.forms(of: Self.plain(name.name)).contains { form in
            keys.contains { key in
                let named = form + "_" + key
                return column == named || column.hasSuffix("_" + named) || column == form + key
            }
        }
    }

    /// The word, and what it may be the plural of.
    private static func forms(of word: String) -> Set<String> {
        var forms: Set<String> = [word]
        if word.hasSuffix("ies") { forms.insert(word.dropLast(3) + "y") }
        if word.hasSuffix("es") { forms.insert(String(word.dropLast(2))) }
        if word.hasSuffix("s"), !word.hasSuffix("ss") { forms.insert(String(word.dropLast())) }
        return forms
    }

    /// In small letters, the humps of `customerId` as underscores.
    private static func plain(_ name: String) -> String {
        var plain = ""
        var wasSmall = false
        for character in name {
            if character.isUppercase, wasSmall { plain += "_" }
            wasSmall = character.isLowercase || character.isNumber
            plain += character.lowercased()
        }
        return plain
    }
}

extension CatalogColumn {
    private static let families: [Set<String>] = [
        ["int2", "int4", "int8"], ["text", "varchar", "bpchar"], ["uuid"], ["numeric"],
    ]

    /// Whether values of both types can be compared by an index of either.
    fileprivate func isComparable(with other: CatalogColumn) -> Bool {
        !isArray && !other.isArray
            && Self.families.contains { $0.contains(elementName) && $0.contains(other.elementName) }
    }
}
