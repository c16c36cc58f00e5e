import Model

/// A source table and the target table that its name finds.
struct TableMatch {
    let entity: EntityName
    let source: CatalogTable
    let target: CatalogTable

    /// All matches, and the source tables without one, both sorted by name.
    static func all(_ source: Catalog, _ target: Catalog) -> (mapped: [TableMatch], unmatched: [TableName]) {
        var taken: Set<TableName> = []
        var found: [TableName: TableName] = [:]
        // The closer likeness first, so that it is not taken by a weaker one.
        let likenesses: [(TableName) -> String] = [
            { $0.description }, { $0.name }, { plain($0.name) }, { singular(plain($0.name)) },
        ]
        for likeness in likenesses {
            let free = target.tables.keys.filter { !taken.contains($0) }
            let byLikeness = Dictionary(grouping: free, by: likeness)
            for name in source.tables.keys.sorted() where found[name] == nil {
                guard let candidates = byLikeness[likeness(name)], candidates.count == 1,
                    taken.insert(candidates[0]).inserted
                else { continue }
                found[name] = candidates[0]
            }
        }
        var names: Set<String> = []
        var mapped: [TableMatch] = []
        for (name, match) in found.sorted(by: { $0.key < $1.key }) where !hasDot(name) && !hasDot(match) {
            guard let sourceTable = source[name], let targetTable = target[match] else { continue }
            let entity = unused(entityName(name.name), or: entityName("\(name.schema)_\(name.name)"), in: &names)
            mapped.append(
                TableMatch(entity: EntityName(rawValue: entity), source: sourceTable, target: targetTable))
        }
        let unmatched = source.tables.keys.filter { name in !mapped.contains { $0.source.name == name } }
        return (mapped, unmatched.sorted())
    }

    // A playbook tells schema and table apart by the dot.
    private static func hasDot(_ name: TableName) -> Bool { name.schema.contains(".") || name.name.contains(".") }

    private static func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }

    private static func singular(_ name: String) -> String {
        if name.hasSuffix("ies") { return name.dropLast(3) + "y" }
        return name.hasSuffix("s") && !name.hasSuffix("ss") ? String(name.dropLast()) : name
    }

    private static func entityName(_ name: String) -> String {
        let letters = name.unicodeScalars.map { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar == "_" || scalar == "-" || ("0"..."9").contains(scalar))
                ? Character(scalar) : "_"
        }
        return String(letters.prefix(40))
    }

    private static func unused(_ name: String, or other: String, in names: inout Set<String>) -> String {
        for candidate in [name, other] where names.insert(candidate).inserted { return candidate }
        var number = 2
        while !names.insert("\(name.prefix(36))_\(number)").inserted { number += 1 }
        return "\(name.prefix(36))_\(number)"
    }
}
