import ChangeEvents
import Model
import TestSupport
import Testing

/// decode(encode(x)) == x, for random values of every type and mode.
@Suite struct EncodingRoundTripTests {
    /// Every combination of modes that the connector knows, one axis at a time.
    static let modes: [[String: String]] =
        ["precise", "double", "string"].map { ["decimal.handling.mode": $0] }
        + ["adaptive", "connect", "isostring", "microseconds", "nanoseconds", "adaptive_time_microseconds"].map {
            ["time.precision.mode": $0]
        }
        + ["bytes", "base64", "base64-url-safe", "hex"].map { ["binary.handling.mode": $0] }
        + [["interval.handling.mode": "string"], ["hstore.handling.mode": "map"]]
        + [["value.converter.decimal.format": "NUMERIC"], ["unavailable.value.placeholder": "hex:00ff00"]]

    @Test(arguments: modes) func randomValuesSurvive(properties: [String: String]) throws {
        let modes = try ConnectorModes(properties: properties)
        var random = SeededGenerator(seed: 42)
        let types = RandomValue.types
        let columns = types.enumerated().map {
            SourceColumn(name: "c\"\($0)", type: SourceType(postgres: $1), isKey: $0 == 0)
        }
        let codec = RoundTrip(columns: columns, modes: modes)
        for _ in 0..<300 {
            let values = types.map { type -> String? in
                Int.random(in: 0..<10, using: &random) == 0 ? nil : RandomValue.make(type, modes, using: &random)
            }
            let decoded = try codec.pass(values)
            for (index, type) in types.enumerated() {
                #expect(decoded[index] == RandomValue.decoded(type, values[index], modes), "\(type) \(properties)")
            }
        }
    }

    /// Found by changed texts: each was read beyond its end, or trapped.
    @Test(arguments: [
        ("point", "(1.5,"), ("point", ",1.5)"), ("point", "(,,,)"), ("timestamp with time zone", "2020-01-01 1:2:3"),
        ("timestamp(3) without time zone", "999999999-01-01 00:00:00"), ("interval", "9223372036854775807 years"),
        ("interval", "2147483648 days"),
    ])
    func aTextThatPostgreSQLDoesNotPrintIsRefused(type: String, text: String) throws {
        let columns = [SourceColumn(name: "v", type: SourceType(postgres: type), isKey: true)]
        let codec = RoundTrip(columns: columns, modes: ConnectorModes())
        #expect(throws: EncodeError.self) { try codec.encode([text]) }
    }

    @Test(arguments: modes) func unavailableStaysUnavailable(properties: [String: String]) throws {
        let modes = try ConnectorModes(properties: properties)
        let columns = [
            "text", "bytea", "jsonb", "text[]", "integer[]", "bigint[]", "uuid[]", "bytea[]", "hstore", "numeric(10,2)",
            "timestamp without time zone", "date[]",
        ].enumerated().map { SourceColumn(name: "c\($0)", type: SourceType(postgres: $1)) }
        let codec = RoundTrip(columns: columns, modes: modes)
        #expect(try codec.presence(of: .unavailable) == columns.map { _ in .unavailable })
        #expect(try codec.presence(of: .null) == columns.map { _ in .null })
        #expect(try codec.presence(of: .absent) == columns.map { _ in .absent })
    }
}
