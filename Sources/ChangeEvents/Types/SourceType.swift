/// A column type of a source, as its catalog names it.
///
/// Give the base type of a domain (`format_type(typbasetype, typtypmod)`), not the domain's name.
public struct SourceType: Sendable, Hashable, CustomStringConvertible {
    /// Whose type system.
    public enum System: Sendable, Hashable { case postgres, mysql }

    /// Whose type system.
    public let system: System
    /// The type without its modifiers, in lower case and PostgreSQL's short form (`int4`, `timestamptz`, `varchar`);
    /// an array's is its element's. A name that is no built-in type keeps its case and quotes.
    public let name: String
    /// The first modifier: length, precision, digits of a second.
    public let length: Int?
    /// The second modifier: a numeric's scale. 0 for a numeric with a precision only.
    public let scale: Int?
    /// Whether it is an array.
    public let isArray: Bool
    /// Whether it is an enumeration: its values are plain text.
    public let isEnumeration: Bool
    /// MySQL's `unsigned`.
    public let isUnsigned: Bool

    /// Reads the form of `format_type()`: `numeric(10,2)`, `timestamp(3) with time zone`, `character varying(20)[]`.
    /// The short forms are understood too. Never fails: an unknown name is a type of its own.
    ///
    /// - Parameter isEnumeration: whether the catalog calls it one (`pg_type.typtype = 'e'`, of an array's element).
    public init(postgres text: String, isEnumeration: Bool = false) {
        var rest = text.trimmedSpaces
        var isArray = false
        while rest.hasSuffix("[]") {
            isArray = true
            rest = rest.dropLast(2)
        }
        let (words, modifiers) = splitModifiers(rest)
        self.init(
            system: .postgres, name: shortNames[words.lowercased()] ?? words,
            modifiers: modifiers, isArray: isArray, isEnumeration: isEnumeration, isUnsigned: false)
    }

    /// Reads the form of `information_schema.columns.column_type`: `bigint(20) unsigned`, `enum('a','b')`, `bit(8)`.
    public init(mysql text: String) {
        let (words, modifiers) = splitModifiers(text.trimmedSpaces)
        let names = words.lowercased().split(separator: " ")
        let name = names.filter { $0 != "unsigned" && $0 != "zerofill" && $0 != "signed" }.joined(separator: " ")
        self.init(
            system: .mysql, name: mysqlNames[name] ?? name, modifiers: modifiers, isArray: false,
            isEnumeration: name == "enum", isUnsigned: names.contains("unsigned") || names.contains("zerofill"))
    }

    private init(
        system: System, name: String, modifiers: [Int], isArray: Bool, isEnumeration: Bool, isUnsigned: Bool
    ) {
        self.system = system
        self.name = name
        length = modifiers.first
        scale = modifiers.count > 1 ? modifiers[1] : name == "numeric" && modifiers.count == 1 ? 0 : nil
        self.isArray = isArray
        self.isEnumeration = isEnumeration
        self.isUnsigned = isUnsigned
    }

    public var description: String {
        let modifiers = [length, scale].compactMap { $0.map(String.init) }.joined(separator: ",")
        return name + (modifiers.isEmpty ? "" : "(\(modifiers))") + (isUnsigned ? " unsigned" : "")
            + (isArray ? "[]" : "")
    }
}

extension String {
    fileprivate var trimmedSpaces: Substring {
        var rest = self[...]
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        return rest
    }
}

/// Takes the parenthesis out of the words: `timestamp(3) with time zone` gives `timestamp with time zone` and 3.
/// Modifiers that are not numbers (an enumeration's labels) are dropped.
private func splitModifiers(_ text: Substring) -> (words: String, modifiers: [Int]) {
    guard !text.hasPrefix("\""), let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close
    else { return (String(text), []) }
    let numbers = text[text.index(after: open)..<close].split(separator: ",").map {
        Int($0.filter { $0 != " " })
    }
    let words = text[..<open] + text[text.index(after: close)...]
    return (String(words), numbers.allSatisfy { $0 != nil } ? numbers.compactMap { $0 } : [])
}

private let shortNames: [String: String] = [
    "smallint": "int2", "integer": "int4", "int": "int4", "bigint": "int8", "smallserial": "int2", "serial": "int4",
    "bigserial": "int8", "real": "float4", "double precision": "float8", "float": "float8", "decimal": "numeric",
    "dec": "numeric", "boolean": "bool", "character varying": "varchar", "character": "bpchar", "char": "bpchar",
    "\"char\"": "char", "bit varying": "varbit", "time without time zone": "time", "time with time zone": "timetz",
    "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
].merging(
    [
        "int2", "int4", "int8", "float4", "float8", "numeric", "bool", "varchar", "bpchar", "text", "name", "oid",
        "bit", "varbit", "bytea", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "uuid", "json",
        "jsonb", "xml", "money", "inet", "cidr", "macaddr", "macaddr8", "hstore", "citext", "ltree", "point",
        "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "tsvector",
    ].map { ($0, $0) }, uniquingKeysWith: { first, _ in first })

private let mysqlNames: [String: String] = [
    "integer": "int", "dec": "decimal", "numeric": "decimal", "fixed": "decimal", "boolean": "tinyint",
    "bool": "tinyint", "double precision": "double", "real": "double", "character": "char",
    "character varying": "varchar",
]
