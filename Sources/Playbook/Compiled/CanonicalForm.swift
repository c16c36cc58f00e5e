/// The form in which the two sides' values of a field are compared: the same for equal values, whatever way they came.
///
/// It is SQL over a value of the target column's type, for a session of `Connection`, which pins the settings that the
/// text of dates, floats, intervals and bytes depends on.
public struct CanonicalForm: Hashable, Sendable {
    /// The target column's type under a domain, with modifiers.
    private let type: String
    /// The same without modifiers.
    private let bareType: String
    private let isBuiltIn: Bool
    private let isArray: Bool
    /// How far the sides may differ.
    public let tolerance: FieldTolerance?

    init(of column: CatalogColumn, tolerance: FieldTolerance?) {
        type = column.baseType
        bareType = column.bareBaseType
        isBuiltIn = column.isBuiltIn && !column.isEnumeration
        isArray = column.isArray
        self.tolerance = tolerance
    }

    /// Types whose values hash alike exactly when PostgreSQL holds them equal, in every database.
    private static let hashable: Set<String> = [
        "smallint", "integer", "bigint", "text", "character varying", "boolean", "date", "timestamp without time zone",
        "timestamp with time zone", "uuid", "bytea", "bpchar",
    ]
    /// PostgreSQL's own hash functions of some types, which take a seed, and a literal that stands for NULL.
    private static let hashFunctions: [String: (name: String, stand: String)] = [
        "smallint": ("hashint2extended", "'0'"), "integer": ("hashint4extended", "'0'"),
        "bigint": ("hashint8extended", "'0'"),
        "text": ("hashtextextended", "''"), "character varying": ("hashtextextended", "''"),
        "bpchar": ("hashbpcharextended", "''"), "numeric": ("hash_numeric_extended", "'0'"),
        "real": ("hashfloat4extended", "'0'"), "double precision": ("hashfloat8extended", "'0'"),
    ]
    /// Types whose modifiers round a value as it is stored; those of texts refuse it instead.
    private static let rounding: Set<String> = [
        "numeric", "timestamp without time zone", "timestamp with time zone", "time without time zone",
        "time with time zone", "interval",
    ]

    /// What a mapped value becomes when it is stored: SQL of the column's type.
    public func stored(_ sql: String) -> String {
        Self.rounding.contains(bareType) && type != bareType ? "CAST(\(sql) AS \(type))" : sql
    }

    /// The same over the source's own row, whose columns need not have the stage's types.
    public func storedOnSource(_ sql: String) -> String {
        guard isBuiltIn else { return "CAST(\(sql) AS text)" }
        return "CAST(\(sql) AS \(Self.rounding.contains(bareType) ? type : bareType))"
    }

    /// The value as digests take it; numbers with a tolerance rounded to it, so that most of those within it agree.
    public func digested(_ value: String) -> String {
        if case .difference(let size) = tolerance { return "round(CAST(\(value) AS numeric) / \(size))" }
        return compared(value)
    }

    /// The function that hashes what `digested` gives, whose second argument is a seed, and SQL to stand for NULL, which it
    /// would pass on; nil where the hash of a record has to do.
    public var hashFunction: (name: String, stand: String)? {
        tolerance == nil && isBuiltIn && !isArray ? Self.hashFunctions[bareType] : nil
    }

    /// The value as an exact comparison takes it.
    public func compared(_ value: String) -> String {
        switch tolerance {
        case .trim: return "btrim(CAST(\(value) AS text))"
        case .caseless: return "lower(CAST(\(value) AS text))"
        case .difference: return "CAST(\(value) AS numeric)"
        case nil: break
        }
        if isArray || !isBuiltIn { return "CAST(\(value) AS text)" }
        switch bareType {
        // 1.0 and 1.00 are the same number, where the column does not say how many digits it has.
        case "numeric": return type == bareType ? "trim_scale(\(value))" : value
        // There are two zeros.
        case "real", "double precision": return "\(value) + CAST(0 AS \(bareType))"
        // Order of keys and white space mean nothing. What jsonb cannot hold is compared as it stands.
        case "json":
            return """
                CASE WHEN strpos(CAST(\(value) AS text), '\\u0000') = 0 THEN CAST(CAST(\(value) AS jsonb) AS text) \
                ELSE CAST(\(value) AS text) END
                """
        default: return Self.hashable.contains(bareType) ? value : "CAST(\(value) AS text)"
        }
    }
}
