import ChangeEvents
import TestSupport
import Testing

/// Nothing that comes from outside may trap: recorded events with random bytes changed, cut out and put in.
@Suite struct DecoderFuzzTests {
    static let types = [
        "id": "integer", "n": "numeric", "n10_2": "numeric(10,2)", "m": "money", "by": "bytea", "b70": "bit(70)",
        "vb": "bit varying", "d": "date", "t": "time", "ttz": "timetz", "ts": "timestamp", "ts3": "timestamp(3)",
        "tz": "timestamptz", "iv": "interval", "h": "hstore", "pt": "point", "ia": "integer[]", "ta": "text[]",
        "na": "numeric(10,2)[]", "tsa": "timestamp[]", "bya": "bytea[]", "ja": "jsonb[]", "r": "real", "b": "boolean",
    ]

    @Test(arguments: ["json", "json-schema", "time-isostring", "hstore-map", "unknown-included"])
    func changedEventsDecodeOrAreRefused(variant: String) throws {
        let fixture = Recording(scenario: "pg-types", variant: variant)
        let events = try fixture.events().filter { $0.value != nil }
        let columns = Self.types.sorted { $0.key < $1.key }.map {
            SourceColumn(name: $0.key, type: SourceType(postgres: $0.value), isKey: $0.key == "id")
        }
        let decoder = EventDecoder(columns: columns, modes: try fixture.modes())
        let batch = RowBatch(columnCount: columns.count, keepsBefore: true)
        var random = SeededGenerator(seed: 7)
        var refused = 0
        for _ in 0..<4000 {
            guard let event = events.randomElement(using: &random), var value = event.value else { continue }
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<value.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: value[place] = UInt8.random(in: 0 ... .max, using: &random)
                case 1: value.remove(at: place)
                case 2: value.insert("\"\\{}[],:0-9eE.".utf8.randomElement(using: &random) ?? 0, at: place)
                default:
                    value.replaceSubrange(place..<min(place + 1, value.count), with: Array("99999999999999999999".utf8))
                }
                if value.isEmpty { value = [0] }
            }
            if batch.rowCount > 100 { batch.removeAll() }
            let rows = batch.rowCount
            do throws(DecodeError) {
                _ = try decoder.decode(key: event.key, value: value, into: batch)
            } catch {
                refused += 1
                #expect(batch.rowCount == rows)
                #expect(error.offset >= 0 && error.offset <= max(value.count, event.key?.count ?? 0))
            }
        }
        #expect(refused > 1000)
    }
}
