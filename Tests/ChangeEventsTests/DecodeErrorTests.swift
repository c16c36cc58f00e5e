import ChangeEvents
import Testing

/// Messages that cannot be decoded: where, what was expected, what was there, never the value.
@Suite struct DecodeErrorTests {
    let columns = [
        SourceColumn(name: "id", type: SourceType(postgres: "integer"), isKey: true),
        SourceColumn(name: "price", type: SourceType(postgres: "numeric(10,2)")),
    ]

    func failure(_ value: String, key: String? = nil) -> DecodeError? {
        let decoder = EventDecoder(columns: columns)
        let batch = RowBatch(columnCount: 2)
        do throws(DecodeError) {
            _ = try decoder.decode(key: key, value: value, into: batch)
            return nil
        } catch {
            #expect(batch.rowCount == 0 && batch.byteCount == 0, "nothing is left behind")
            return error
        }
    }

    func event(_ after: String, op: String = "c") -> String {
        #"{"after":\#(after),\#(OneColumn.source),"op":"\#(op)"}"#
    }

    @Test func malformedAndTruncatedAreToldApart() {
        #expect(failure("{\"after\":")?.code == .truncated)
        #expect(failure(String(event("{\"id\":1}").dropLast()))?.code == .truncated)
        #expect(failure("{\"after\" {}}")?.code == .malformed)
        #expect(failure("hello")?.code == .malformed)
        #expect(failure("{\"a\":nul}")?.offset == 5)
        #expect(failure("[1]")?.code == .unexpectedType)
        #expect(failure("{} x")?.code == .malformed)
    }

    @Test func everyCutOfAnEventIsAnError() {
        let whole = event(#"{"id":1,"price":"BBo="}"#)
        for length in 1..<whole.utf8.count {
            #expect(failure(String(decoding: Array(whole.utf8)[..<length], as: UTF8.self)) != nil, "cut at \(length)")
        }
        #expect(failure(whole) == nil)
    }

    @Test func aWrongTypeIsNamedWithItsPlaceAndNotItsValue() {
        let error = failure(event(#"{"id":"secret","price":null}"#))
        #expect(
            error?.description == "unexpected-type value at byte 16 (after.id): expected an integer, found a string")
        #expect(failure(event(#"{"id":1.5}"#))?.path == "after.id")
        #expect(failure(event(#"{"id":1,"price":"no base64!"}"#))?.code == .badEncoding)
        #expect(failure(event(#"{"id":1,"price":[1]}"#))?.found == "an array")
        #expect(failure(event("7"))?.path == "after")
        #expect(failure(event("null"))?.path == "after")
    }

    /// Found by changed events: each was read beyond its end.
    @Test(arguments: ["\"E5\"", "\"e+5\"", "\"-E5\"", "\"5\"", "1E", "1e+", "E5"]) func aNumberWithoutAnEndIsRefused(
        number: String
    ) throws {
        let column = SourceColumn(name: "n", type: SourceType(postgres: "numeric"))
        let decoder = EventDecoder(
            columns: [column], modes: try ConnectorModes(properties: ["decimal.handling.mode": "string"]))
        let batch = RowBatch(columnCount: 1)
        func decode() throws { _ = try decoder.decode(value: event("{\"n\":\(number)}"), into: batch) }
        if number == "\"5\"" { try decode() } else { #expect(throws: DecodeError.self) { try decode() } }
    }

    @Test func whatEveryEventHasIsMissed() {
        #expect(failure("{}")?.path == "op")
        #expect(failure(#"{"op":"c","after":{}}"#)?.path == "source")
        #expect(failure(#"{"op":"c",\#(OneColumn.source)}"#)?.path == "after")
        #expect(failure(#"{"op":"q",\#(OneColumn.source)}"#)?.path == "op")
        #expect(failure(event("null", op: "d"))?.part == .key)
        #expect(failure(event("null", op: "d"), key: "{\"id\":")?.part == .key)
    }

    @Test func aPlaceInAKnownSchemaCountsFromTheMessagesBeginning() throws {
        let decoder = EventDecoder(columns: columns)
        let batch = RowBatch(columnCount: 2)
        let row = #"{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"field":"after"}"#
        let head = #"{"schema":{"type":"struct","fields":[\#(row)]},"payload":"#
        _ = try decoder.decode(value: head + event(#"{"id":1}"#) + "}", into: batch)
        _ = try decoder.decode(value: head + event(#"{"id":2}"#) + "}", into: batch)
        #expect(batch.rowCount == 2)
        var offsets: [Int] = []
        for each in [decoder, EventDecoder(columns: columns)] {
            do throws(DecodeError) {
                _ = try each.decode(value: head + event(#"{"id":{}}"#) + "}", into: batch)
            } catch {
                offsets.append(error.offset)
            }
        }
        #expect(offsets.count == 2 && offsets[0] == offsets[1])
    }
}
