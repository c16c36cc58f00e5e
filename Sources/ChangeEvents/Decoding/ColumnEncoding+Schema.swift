/// The encoding that an embedded schema tells, helped out by the column's type where the schema is a bare string.
extension ColumnEncoding {
    init(_ schema: FieldSchema, _ type: SourceType, _ modes: ConnectorModes) {
        if schema.type == "array", let items = schema.items.first {
            self.init(items, type, modes)
            isArray = true
            return
        }
        self = Self.meant(schema) ?? Self.bare(schema, type, modes)
        isArray = false
        if kind == .text, type.name == "hstore" { kind = .hstore }
        if kind == .text, type.system == .mysql, type.isEnumeration { kind = .mysqlEnumeration }
        if kind == .time, type.system == .mysql { kind = .duration }
        if kind == .bits, type.name == "varbit" || parameter > 1 << 20 { kind = .varyingBits }
        isNullUnknown = type.system == .postgres && type.name == "name" && !modes.sendsNames
    }

    /// What the schema's name says.
    private static func meant(_ schema: FieldSchema) -> ColumnEncoding? {
        let stated = schema.parameters["scale"].flatMap { Int($0) } ?? 0
        let number = max(-16_383, min(stated, 16_383))
        switch schema.meaning {
        case "org.apache.kafka.connect.data.Decimal": return ColumnEncoding(kind: .decimal, parameter: number)
        case "io.debezium.data.VariableScaleDecimal": return ColumnEncoding(kind: .decimal)
        case "io.debezium.time.Date", "org.apache.kafka.connect.data.Date", "io.debezium.time.IsoDate":
            return ColumnEncoding(kind: .date)
        case "io.debezium.time.Time", "org.apache.kafka.connect.data.Time":
            return ColumnEncoding(kind: .time, parameter: milliseconds)
        case "io.debezium.time.MicroTime", "io.debezium.time.IsoTime":
            return ColumnEncoding(kind: .time, parameter: microseconds)
        case "io.debezium.time.NanoTime": return ColumnEncoding(kind: .time, parameter: nanoseconds)
        case "io.debezium.time.Timestamp", "org.apache.kafka.connect.data.Timestamp":
            return ColumnEncoding(kind: .timestamp, parameter: milliseconds)
        case "io.debezium.time.MicroTimestamp", "io.debezium.time.IsoTimestamp":
            return ColumnEncoding(kind: .timestamp, parameter: microseconds)
        case "io.debezium.time.NanoTimestamp": return ColumnEncoding(kind: .timestamp, parameter: nanoseconds)
        case "io.debezium.time.ZonedTime": return ColumnEncoding(kind: .zonedTime)
        case "io.debezium.time.ZonedTimestamp": return ColumnEncoding(kind: .zonedTimestamp)
        case "io.debezium.time.MicroDuration", "io.debezium.time.Interval": return ColumnEncoding(kind: .interval)
        case "io.debezium.time.Year": return ColumnEncoding(kind: .integer)
        case "io.debezium.data.Bits":
            let length = schema.parameters["length"].flatMap { Int($0) } ?? 0
            return ColumnEncoding(kind: .bits, parameter: length)
        case "io.debezium.data.geometry.Point": return ColumnEncoding(kind: .point)
        case "io.debezium.data.geometry.Geometry", "io.debezium.data.geometry.Geography":
            return ColumnEncoding(kind: .geometry)
        case "io.debezium.data.Json", "io.debezium.data.Uuid", "io.debezium.data.Xml", "io.debezium.data.Enum",
            "io.debezium.data.EnumSet", "io.debezium.data.Ltree", "io.debezium.data.Tsvector":
            return ColumnEncoding(kind: .text)
        default: return nil
        }
    }

    /// What a schema without a name leaves to the column's type.
    private static func bare(_ schema: FieldSchema, _ type: SourceType, _ modes: ConnectorModes) -> ColumnEncoding {
        let derived = ColumnEncoding(type, modes)
        switch schema.type {
        case "int8", "int16", "int32", "int64":
            return ColumnEncoding(kind: derived.kind == .unsigned ? .unsigned : .integer)
        case "float32", "float64", "float", "double":
            return ColumnEncoding(
                kind: derived.kind == .decimalText || derived.kind == .decimal ? .decimalText : .float)
        case "boolean": return ColumnEncoding(kind: derived.kind == .bits ? .bits : .boolean, parameter: 1)
        case "bytes":
            return ColumnEncoding(kind: derived.kind == .bytesHex || derived.kind == .bytes ? .bytes : .encodedText)
        case "map": return ColumnEncoding(kind: .hstore)
        case "string":
            switch derived.kind {
            case .bytes, .bytesHex, .hstore, .mysqlEnumeration: return derived
            case .decimal, .decimalText: return ColumnEncoding(kind: .decimalText)
            default: return ColumnEncoding(kind: .text)
            }
        default: return ColumnEncoding(kind: .any)
        }
    }
}
