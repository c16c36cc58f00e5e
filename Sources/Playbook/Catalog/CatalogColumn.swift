/// A column as a live catalog has it.
public struct CatalogColumn: Hashable, Sendable, Codable {
    /// When the column makes its own value.
    public enum Identity: String, Sendable, Codable {
        case none = ""
        case always = "a"
        case byDefault = "d"
    }

    public let name: String
    /// Its number in the table, with gaps where columns were dropped.
    public let number: Int
    /// The type as declared, with its modifiers, names outside `pg_catalog` qualified: `public.status`, `numeric(10,2)`.
    public let type: String
    /// The declared type without modifiers, as it can stand in a cast.
    public let bareType: String
    /// The type under a domain (the declared type if it is none), with modifiers.
    public let baseType: String
    /// The type under a domain without modifiers.
    public let bareBaseType: String
    /// The oid of the type under a domain, in its own database.
    public let baseOID: UInt32
    /// The element type's oid if it is an array, else the base type's, in its own database.
    public let elementOID: UInt32
    /// PostgreSQL's category of the base type: `S` for texts, `N` for numbers, `A` for arrays ...
    public let category: String
    /// The base type's element type's name if it is an array, else its own name, unqualified: `int4`.
    public let elementName: String
    /// What `pg_type.typtype` says of that type: `b` base, `e` enumeration, `c` composite, `r` range ...
    public let elementKind: String
    /// Whether every PostgreSQL has that type.
    public let isBuiltIn: Bool
    public let isArray: Bool
    public let isDomain: Bool
    public let isNotNull: Bool
    /// The default's SQL.
    public let defaultExpression: String?
    public let identity: Identity
    /// Whether it is computed from other columns.
    public let isGenerated: Bool
    /// Whether a large value may be stored out of line.
    public let isToastable: Bool
    /// Whether its values sort alike in every database.
    public let sortsByBytes: Bool
    /// The labels of an enumeration, in order.
    public let labels: [String]

    /// Whether it is an enumeration, or an array of one.
    public var isEnumeration: Bool { elementKind == "e" }

    /// Whether an insert may leave it out without an error.
    public var isOptional: Bool {
        !isNotNull || defaultExpression != nil || identity != .none || isGenerated
    }
}
