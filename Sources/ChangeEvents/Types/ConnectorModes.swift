/// How the connector was told to encode values: what the events themselves do not say.
public struct ConnectorModes: Sendable, Hashable {
    /// `decimal.handling.mode`.
    public enum DecimalMode: String, Sendable { case precise, double, string }
    /// `time.precision.mode`.
    public enum TimeMode: String, Sendable {
        case adaptive, connect, isostring, microseconds, nanoseconds
        case adaptiveTimeMicroseconds = "adaptive_time_microseconds"
    }
    /// `binary.handling.mode`.
    public enum BinaryMode: String, Sendable {
        case bytes, base64, hex
        case base64URLSafe = "base64-url-safe"
    }
    /// `interval.handling.mode`.
    public enum IntervalMode: String, Sendable { case numeric, string }
    /// `hstore.handling.mode`.
    public enum HstoreMode: String, Sendable { case json, map }
    /// `bigint.unsigned.handling.mode`.
    public enum UnsignedMode: String, Sendable { case long, precise }

    /// How decimals are written.
    public var decimal = DecimalMode.precise
    /// Whether the JSON converter writes precise decimals as numbers (`decimal.format=NUMERIC`), not base64.
    public var decimalsAreNumbers = false
    /// How dates and times are written.
    public var time = TimeMode.adaptive
    /// How byte strings are written.
    public var binary = BinaryMode.bytes
    /// How intervals are written.
    public var interval = IntervalMode.numeric
    /// How hstores are written.
    public var hstore = HstoreMode.json
    /// How MySQL's unsigned bigints are written.
    public var unsigned = UnsignedMode.long
    /// Whether types that the connector does not know are sent (`include.unknown.datatypes`), as base64 of their text.
    public var includesUnknownTypes = false
    /// Whether the stream carries values of the type `name`; Debezium's sends null in their place.
    public var sendsNames = false
    /// Whether the converter replaces NULL by the column's default (`replace.null.with.default`), its own default.
    public var replacesNullWithDefault = true
    /// The bytes that stand for a value the source did not send (`unavailable.value.placeholder`).
    ///
    /// A text column that really holds this text cannot be told from one whose value was not sent; it is taken as not
    /// sent, which leaves the row's value alone.
    public var unavailablePlaceholder = Array("__debezium_unavailable_value".utf8)

    /// The connector's defaults.
    public init() {}

    /// The `connector.class` of events that are our own capture's.
    public static let captureClass = "tidegate"

    /// Reads the modes out of a connector's configuration; what is not there keeps the connector's default.
    ///
    /// - Parameter properties: the connector's own properties, converters included (`value.converter.decimal.format`).
    public init(properties: [String: String]) throws(ConnectorModeError) {
        decimal = try Self.mode(properties, "decimal.handling.mode", decimal)
        time = try Self.mode(properties, "time.precision.mode", time)
        binary = try Self.mode(properties, "binary.handling.mode", binary)
        interval = try Self.mode(properties, "interval.handling.mode", interval)
        hstore = try Self.mode(properties, "hstore.handling.mode", hstore)
        unsigned = try Self.mode(properties, "bigint.unsigned.handling.mode", unsigned)
        includesUnknownTypes = try Self.flag(properties, "include.unknown.datatypes", false)
        sendsNames = properties["connector.class"] == Self.captureClass
        replacesNullWithDefault = try Self.flag(properties, "value.converter.replace.null.with.default", true)
        let format = properties["value.converter.decimal.format"] ?? properties["decimal.format"] ?? "BASE64"
        guard ["NUMERIC", "BASE64"].contains(format.uppercased()) else {
            throw ConnectorModeError(property: "value.converter.decimal.format", allowed: ["BASE64", "NUMERIC"])
        }
        decimalsAreNumbers = format.uppercased() == "NUMERIC"
        if let placeholder = properties["unavailable.value.placeholder"] {
            unavailablePlaceholder = try Self.placeholderBytes(placeholder)
        }
    }

    private static func mode<Mode: RawRepresentable<String>>(
        _ properties: [String: String], _ name: String, _ standard: Mode
    ) throws(ConnectorModeError) -> Mode where Mode: CaseIterable {
        guard let text = properties[name] else { return standard }
        guard let mode = Mode(rawValue: text.lowercased()) else {
            throw ConnectorModeError(property: name, allowed: Mode.allCases.map(\.rawValue))
        }
        return mode
    }

    private static func flag(
        _ properties: [String: String], _ name: String, _ standard: Bool
    ) throws(ConnectorModeError) -> Bool {
        switch properties[name]?.lowercased() {
        case nil: standard
        case "true": true
        case "false": false
        default: throw ConnectorModeError(property: name, allowed: ["true", "false"])
        }
    }

    private static func placeholderBytes(_ text: String) throws(ConnectorModeError) -> [UInt8] {
        guard text.hasPrefix("hex:") else { return Array(text.utf8) }
        let digits = text.utf8.dropFirst(4).map { UInt8(String(UnicodeScalar($0)), radix: 16) }
        guard digits.count % 2 == 0, !digits.contains(nil) else {
            throw ConnectorModeError(property: "unavailable.value.placeholder", allowed: ["text", "hex:<digits>"])
        }
        return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
    }
}

extension ConnectorModes.DecimalMode: CaseIterable {}
extension ConnectorModes.TimeMode: CaseIterable {}
extension ConnectorModes.BinaryMode: CaseIterable {}
extension ConnectorModes.IntervalMode: CaseIterable {}
extension ConnectorModes.HstoreMode: CaseIterable {}
extension ConnectorModes.UnsignedMode: CaseIterable {}
