/// How the values of one column are written in JSON, and so how they become PostgreSQL text.
///
/// Where a column's JSON type tells the form (a decimal as a string, a number or a struct), one kind covers all forms.
struct ColumnEncoding: Equatable {
    enum Kind: UInt8 {
        /// A string that is the value.
        case text
        /// An integer.
        case integer
        /// An integer whose negative values stand for those beyond 2^63 (MySQL's unsigned bigint).
        case unsigned
        /// A floating-point number, NaN and the infinities as strings.
        case float
        case boolean
        /// Base64 of the unscaled value, a number, or a struct of scale and value.
        case decimal
        /// A decimal as a string, or a number.
        case decimalText
        /// Base64, either alphabet.
        case bytes
        case bytesHex
        /// Little-endian bytes in base64 of a string of exactly `parameter` bits; a boolean for one bit.
        case bits
        /// The same for bit strings of any length.
        case varyingBits
        /// Days since 1970, or an ISO date.
        case date
        /// A time of day in units of `parameter` per second, or ISO.
        case time
        /// MySQL's TIME in such units: signed, up to 838 hours.
        case duration
        /// Local time in units of `parameter` per second since 1970, or ISO.
        case timestamp
        /// ISO with zone.
        case zonedTime
        /// ISO with zone.
        case zonedTimestamp
        /// Microseconds, or an ISO duration.
        case interval
        /// A string that holds a JSON object, or an object.
        case hstore
        /// A struct with x and y.
        case point
        /// A struct with WKB and SRID.
        case geometry
        /// MySQL's enumeration: a comma in a label is escaped by the stream.
        case mysqlEnumeration
        /// Base64 of a text: a type that the connector does not know.
        case encodedText
        /// Whatever comes: a type that is not known here.
        case any
    }

    var kind: Kind
    /// A decimal's scale, a bit string's length, a time's units per second.
    var parameter: Int = 0
    /// Whether it is an array of such values.
    var isArray = false
    /// Whether null means that the connector could not say: PostgreSQL's `name` in the stream.
    var isNullUnknown = false
    /// Whether zeros at a decimal's end are dropped: of a bare numeric in a key, so that equal keys have equal bytes.
    var trimsZeros = false

    /// The encoding of a column for events without a schema.
    init(_ column: SourceColumn, _ modes: ConnectorModes) {
        self.init(column.type, modes)
        trimsZeros = column.isOpenNumericKey
    }

    /// The encoding of a column whose schema the event brings.
    init(_ schema: FieldSchema, _ column: SourceColumn, _ modes: ConnectorModes) {
        self.init(schema, column.type, modes)
        trimsZeros = column.isOpenNumericKey
    }

    init(kind: Kind, parameter: Int = 0, isArray: Bool = false, isNullUnknown: Bool = false) {
        self.kind = kind
        self.parameter = parameter
        self.isArray = isArray
        self.isNullUnknown = isNullUnknown
    }

    /// Units per second of the time encodings.
    static let milliseconds = 1_000
    static let microseconds = 1_000_000
    static let nanoseconds = 1_000_000_000
}

extension SourceColumn {
    /// Whether equal keys may be written with more or fewer zeros.
    fileprivate var isOpenNumericKey: Bool { isKey && type.name == "numeric" && type.scale == nil }
}
