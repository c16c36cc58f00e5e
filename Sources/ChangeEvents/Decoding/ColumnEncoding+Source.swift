/// The encoding that follows from the column's type and the connector's modes, for events without a schema.
extension ColumnEncoding {
    init(_ type: SourceType, _ modes: ConnectorModes) {
        self = type.system == .postgres ? Self.postgres(type, modes) : Self.mysql(type, modes)
        isArray = type.isArray
    }

    private static func postgres(_ type: SourceType, _ modes: ConnectorModes) -> ColumnEncoding {
        if type.isEnumeration { return ColumnEncoding(kind: .text) }
        switch type.name {
        case "int2", "int4", "int8", "oid": return ColumnEncoding(kind: .integer)
        case "float4", "float8": return ColumnEncoding(kind: .float)
        case "bool": return ColumnEncoding(kind: .boolean)
        case "numeric": return decimal(scale: declaredScale(type), modes)
        case "money": return decimal(scale: 2, modes)
        case "bytea": return bytes(modes)
        case "bit": return ColumnEncoding(kind: .bits, parameter: type.length ?? 1)
        case "varbit": return ColumnEncoding(kind: .varyingBits)
        case "date": return ColumnEncoding(kind: .date)
        case "time": return ColumnEncoding(kind: .time, parameter: timeUnits(type.length ?? 6, modes.time))
        case "timestamp":
            return ColumnEncoding(kind: .timestamp, parameter: timestampUnits(type.length ?? 6, modes.time))
        case "timetz": return ColumnEncoding(kind: .zonedTime)
        case "timestamptz": return ColumnEncoding(kind: .zonedTimestamp)
        case "interval": return ColumnEncoding(kind: .interval)
        case "hstore": return ColumnEncoding(kind: .hstore)
        case "point": return ColumnEncoding(kind: .point)
        case "geometry", "geography": return ColumnEncoding(kind: .geometry)
        case "name": return ColumnEncoding(kind: .text, isNullUnknown: !modes.sendsNames)
        case _ where textTypes.contains(type.name): return ColumnEncoding(kind: .text)
        default: return ColumnEncoding(kind: modes.includesUnknownTypes ? .encodedText : .any)
        }
    }

    private static func mysql(_ type: SourceType, _ modes: ConnectorModes) -> ColumnEncoding {
        switch type.name {
        case "tinyint", "smallint", "mediumint", "int", "year": return ColumnEncoding(kind: .integer)
        case "bigint":
            guard type.isUnsigned else { return ColumnEncoding(kind: .integer) }
            return modes.unsigned == .precise ? decimal(scale: 0, modes) : ColumnEncoding(kind: .unsigned)
        case "float", "double": return ColumnEncoding(kind: .float)
        case "decimal": return decimal(scale: type.scale ?? 0, modes)
        case "bit": return ColumnEncoding(kind: .bits, parameter: type.length ?? 1)
        case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob": return bytes(modes)
        case "date": return ColumnEncoding(kind: .date)
        case "time":
            let mode = modes.time == .adaptive ? .adaptiveTimeMicroseconds : modes.time
            return ColumnEncoding(kind: .duration, parameter: timeUnits(type.length ?? 0, mode))
        case "datetime":
            return ColumnEncoding(kind: .timestamp, parameter: timestampUnits(type.length ?? 0, modes.time))
        case "timestamp": return ColumnEncoding(kind: .zonedTimestamp)
        case "enum": return ColumnEncoding(kind: .mysqlEnumeration)
        case "point": return ColumnEncoding(kind: .point)
        case "geometry", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
            "geometrycollection", "geomcollection":
            return ColumnEncoding(kind: .geometry)
        case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json", "set":
            return ColumnEncoding(kind: .text)
        default: return ColumnEncoding(kind: .any)
        }
    }

    static func decimal(scale: Int, _ modes: ConnectorModes) -> ColumnEncoding {
        ColumnEncoding(kind: modes.decimal == .precise ? .decimal : .decimalText, parameter: scale)
    }

    static func bytes(_ modes: ConnectorModes) -> ColumnEncoding {
        ColumnEncoding(kind: modes.binary == .hex ? .bytesHex : .bytes)
    }

    /// The scale as the connector reads it: of a negative one it keeps the low eleven bits (-2 is 2046) and scales
    /// the values accordingly.
    static func declaredScale(_ type: SourceType) -> Int { (type.scale ?? 0) & 0x7FF }

    static func timeUnits(_ precision: Int, _ mode: ConnectorModes.TimeMode) -> Int {
        switch mode {
        case .adaptive: precision <= 3 ? milliseconds : microseconds
        case .connect: milliseconds
        case .adaptiveTimeMicroseconds, .microseconds, .isostring: microseconds
        case .nanoseconds: nanoseconds
        }
    }

    static func timestampUnits(_ precision: Int, _ mode: ConnectorModes.TimeMode) -> Int {
        timeUnits(precision, mode == .adaptiveTimeMicroseconds ? .adaptive : mode)
    }

    private static let textTypes: Set<String> = [
        "text", "varchar", "bpchar", "char", "citext", "uuid", "json", "jsonb", "xml", "inet", "cidr", "macaddr",
        "macaddr8", "ltree", "tsvector", "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange",
    ]
}
