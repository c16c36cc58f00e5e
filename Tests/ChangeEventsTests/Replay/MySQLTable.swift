import ChangeEvents
import Foundation
import Model

/// A `create table` of a MySQL scenario: its columns, and the PostgreSQL types that hold them.
struct MySQLTable {
    let name: String
    let columns: [(name: String, type: String)]

    /// The tables of a script.
    static func all(in script: String) -> [MySQLTable] {
        script.components(separatedBy: "create table ").dropFirst().compactMap { part in
            guard let open = part.firstIndex(of: "(") else { return nil }
            var depth = 0
            var items: [String] = [""]
            for character in part[open...] {
                if character == ")" { depth -= 1 }
                if depth == 0, character == ")" { break }
                if character == ",", depth == 1 {
                    items.append("")
                } else if depth > 0 {
                    items[items.count - 1].append(character)
                }
                if character == "(" { depth += 1 }
            }
            let name = part[..<open].trimmingCharacters(in: .whitespaces)
            return MySQLTable(name: name, columns: items.compactMap(column))
        }
    }

    private static func column(_ item: String) -> (name: String, type: String)? {
        let words = item.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
        guard let name = words.first, !["primary", "unique", "key", "index"].contains(name) else { return nil }
        let ends = ["not", "null", "default", "primary", "unique", "character", "collate"]
        return (name, words.dropFirst().prefix { !ends.contains($0) }.joined(separator: " "))
    }

    /// The PostgreSQL type that holds what the MySQL type holds.
    static func postgres(_ type: String) -> String {
        let source = SourceType(mysql: type)
        let modifiers = type.firstIndex(of: "(").map { String(type[$0...].prefix { $0 != ")" }) + ")" } ?? ""
        switch source.name {
        case "tinyint", "smallint", "mediumint", "int", "year": return "bigint"
        case "bigint": return source.isUnsigned ? "numeric(20)" : "bigint"
        case "decimal": return "numeric" + modifiers
        case "float": return "real"
        case "double": return "double precision"
        case "bit": return "bit" + (modifiers.isEmpty ? "(1)" : modifiers)
        case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob": return "bytea"
        case "date": return "date"
        case "time": return "interval"
        case "datetime": return "timestamp"
        case "timestamp": return "timestamptz"
        case "json": return "jsonb"
        case "point": return "point"
        default: return "text"
        }
    }

    func catalog(keys: Set<String>) -> CatalogTable {
        CatalogTable(
            name: TableName(schema: "fixture", name: name),
            columns: columns.map {
                SourceColumn(name: $0.name, type: SourceType(mysql: $0.type), isKey: keys.contains($0.name))
            }, types: columns.map { Self.postgres($0.type) })
    }
}
