import ChangeEvents
import Model
import TestSupport
import Testing

/// Nothing that comes from outside may trap, hang or read beyond its end: recorded events with random changes.
///
/// `ops/fuzz` runs these with many more inputs, under AddressSanitizer.
@Suite struct DecoderFuzzTests {
    static let types = [
        "id": "integer", "n": "numeric", "n10_2": "numeric(10,2)", "m": "money", "by": "bytea", "b70": "bit(70)",
        "vb": "bit varying", "d": "date", "t": "time", "ttz": "timetz", "ts": "timestamp", "ts3": "timestamp(3)",
        "tz": "timestamptz", "iv": "interval", "h": "hstore", "pt": "point", "ia": "integer[]", "ta": "text[]",
        "na": "numeric(10,2)[]", "tsa": "timestamp[]", "bya": "bytea[]", "ja": "jsonb[]", "r": "real", "b": "boolean",
    ]
    private static let pieces = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "-", "0", "9", "e", "E+", ".", "99999999999999999999",
        "\"\\u0000\"", "\\ud800", "\"before\":", "\"after\":", "\"op\":\"u\"", "\"schema\":", "\"payload\":",
        "__debezium_unavailable_value", "-1", "9223372036854775808", "1e400", "\u{FEFF}", "[[[[[[[[", "{\"a\":{\"a\":",
    ]
    private static let fixtures = Recording.all.filter { !$0.isAvro && $0.scenario.hasSuffix("-types") }

    @Test(arguments: fixtures) func changedEventsDecodeOrAreRefused(fixture: Recording) throws {
        let events = try fixture.events().filter { $0.value != nil }
        let columns = Self.types.sorted { $0.key < $1.key }.map {
            SourceColumn(name: $0.key, type: SourceType(postgres: $0.value), isKey: $0.key == "id")
        }
        let decoder = EventDecoder(columns: columns, modes: try fixture.modes())
        let batch = RowBatch(columnCount: columns.count, keepsBefore: true)
        let plan = FuzzPlan(share: 0.7 / Double(Self.fixtures.count))
        var mutator = ByteMutator(seed: plan.seed, pieces: Self.pieces)
        let counts = try plan.run("events of \(fixture)") { number -> Bool in
            guard let event = mutator.pick(events), let value = event.value else { return false }
            if batch.rowCount > 100 { batch.removeAll() }
            let rows = batch.rowCount
            let changedKey = number % 8 == 0 ? event.key.map { mutator.change($0, mixing: value) } : event.key
            let changed = number % 8 == 0 ? value : mutator.change(value, mixing: mutator.pick(events)?.value ?? [])
            do throws(DecodeError) {
                _ = try decoder.decode(key: changedKey, value: changed, into: batch)
                return true
            } catch {
                #expect(error.offset >= 0 && error.offset <= max(changed.count, changedKey?.count ?? 0))
                #expect(batch.rowCount == rows)
                return false
            }
        }
        #expect(counts.refused > counts.accepted / 10 && counts.accepted > 0)
    }

    /// What replication sends as text, changed, and encoded as the connector does.
    @Test(arguments: EncodingRoundTripTests.modes)
    func changedTextsAreEncodedOrRefused(properties: [String: String]) throws {
        let modes = try ConnectorModes(properties: properties)
        let plan = FuzzPlan(share: 0.2 / Double(EncodingRoundTripTests.modes.count))
        var random = SeededGenerator(seed: plan.seed)
        var mutator = ByteMutator(seed: plan.seed, pieces: Self.pieces + ["-infinity", "BC", "+14:00", " days", "=>"])
        let types = RandomValue.types
        let codecs = types.map { type in
            RoundTrip(
                columns: [SourceColumn(name: "v", type: SourceType(postgres: type), isKey: true)], modes: modes)
        }
        let counts = try plan.run("texts with \(properties)") { number in
            let place = number % types.count
            let text = mutator.change(Array(RandomValue.make(types[place], modes, using: &random).utf8))
            do {
                try codecs[place].encode(text)
            } catch is EncodeError {
                return false
            }
            // What was encoded is an event that can be read.
            let batch = codecs[place].batch
            batch.removeAll()
            do throws(DecodeError) {
                _ = try codecs[place].decoder.decode(
                    key: codecs[place].buffer.key, value: codecs[place].buffer.value, into: batch)
                return true
            } catch { return false }
        }
        #expect(counts.accepted > 0)
    }
}
