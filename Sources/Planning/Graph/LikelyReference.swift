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
        let names = ReferenceNames(tables.map(\.1))
        var found: [LikelyReference] = []
        for (child, table) in tables {
            let declared = Set(table.foreignKeys.flatMap(\.columns))
            for column in table.columns where !declared.contains(column.name) && !column.isGenerated {
                guard let place = names.table(of: column.name), let key = tables[place].1.singleKey,
                    key.isComparable(with: column), tables[place].0 != child || key.name != column.name
                else { continue }
                found.append(
                    LikelyReference(
                        child: child, parent: tables[place].0, side: side, childTable: table.name,
                        parentTable: tables[place].1.name, column: column.name, parentColumn: key.name))
            }
        }
        return found
    }
}

/// What columns that point at tables are likely to be called: `customer_id`, `customers_id`, `billing_customer_id`,
/// `customerId`, `customer_no` for a key `no`.
struct ReferenceNames {
    private var places: [String: Int] = [:]

    /// - Parameter tables: those without a key of one column are pointed at by none.
    init(_ tables: [CatalogTable]) {
        for (place, table) in tables.enumerated() {
            guard let key = table.singleKey?.name else { continue }
            for form in Self.forms(of: Self.plain(table.name.name)) {
                for key in ["id", Self.plain(key)] {
                    places["\(form)_\(key)"] = places["\(form)_\(key)"] ?? place
                    places[form + key] = places[form + key] ?? place
                }
            }
        }
    }

    /// The place of the table that a column's name says it points at: of several the one with the longest name, since
    /// `order_line_id` is no `line_id`.
    func table(of column: String) -> Int? {
        let words = Self.plain(column).split(separator: "_")
        for first in words.indices {
            if let place = places[words[first...].joined(separator: "_")] { return place }
        }
        return nil
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

extension CatalogTable {
    fileprivate var singleKey: CatalogColumn? {
        primaryKey.count == 1 ? column(primaryKey[0]) : nil
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
