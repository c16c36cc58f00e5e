import ChangeEvents
import Model
import Testing

/// Cases that real migrations failed on, by their number in the list of acceptance cases.
@Suite struct AcceptanceTests {
    @Test func a1EveryFormOfThePlaceholderIsUnavailable() throws {
        let text = #""__debezium_unavailable_value""#
        let bytes = #""X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==""#
        let numbers =
            "[95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,97,105,108,97,98,108,101,95,118,97,108,117,101]"
        let hex = #""5f5f646562657a69756d5f756e617661696c61626c655f76616c7565""#
        #expect(try OneColumn("text")(text) == "unavailable")
        #expect(try OneColumn("jsonb")(text) == "unavailable")
        #expect(try OneColumn("bytea")(bytes) == "unavailable")
        #expect(try OneColumn("bytea", ["binary.handling.mode": "hex"])(hex) == "unavailable")
        #expect(try OneColumn("text[]")("[\(text)]") == "unavailable")
        #expect(try OneColumn("jsonb[]")("[\(text)]") == "unavailable")
        #expect(try OneColumn("bytea[]")("[\(bytes)]") == "unavailable")
        #expect(try OneColumn("integer[]")(numbers) == "unavailable")
        #expect(try OneColumn("date[]")(numbers) == "unavailable")
        // The name-based UUID of the placeholder's bytes.
        #expect(try OneColumn("uuid[]")(#"["b68a35a7-17ad-35b3-af2a-ae46edb4545a"]"#) == "unavailable")
        let map = #"{"__debezium_unavailable_value":"__debezium_unavailable_value"}"#
        #expect(try OneColumn("hstore", ["hstore.handling.mode": "map"])(map) == "unavailable")
        #expect(
            try OneColumn("hstore")(#""{\"__debezium_unavailable_value\":\"__debezium_unavailable_value\"}""#)
                == "unavailable")
        let custom = ["unavailable.value.placeholder": "hex:00ff00"]
        #expect(try OneColumn("text", custom)(#""\u0000\#u{FFFD}\u0000""#) == "unavailable")
        #expect(try OneColumn("integer[]", custom)("[0,-1,0]") == "unavailable")
        #expect(try OneColumn("bytea", custom)(#""AP8A""#) == "unavailable")
        #expect(try OneColumn("text", custom)(text) == "__debezium_unavailable_value")
    }

    @Test func a3DeletesActOnTheOperationAndOnANullValue() throws {
        let columns = [SourceColumn(name: "v", type: SourceType(postgres: "text"), isKey: true)]
        let decoder = EventDecoder(columns: columns)
        let batch = RowBatch(columnCount: 1)
        let value = #"{"before":null,"after":null,\#(OneColumn.source),"op":"d"}"#
        #expect(try decoder.decode(key: #"{"v":"k"}"#, value: value, into: batch) == .row(0))
        #expect(batch.header(0).operation == .delete)
        #expect(batch.text(of: batch.span(0, 0)) == "k")
        #expect(try decoder.decode(key: #"{"v":"k"}"#, value: nil, into: batch) == .tombstone)
        #expect(batch.rowCount == 1)
    }

    @Test func a14NullStaysNull() throws {
        for type in [
            "text", "integer", "numeric(10,2)", "timestamp", "bytea", "text[]", "hstore", "interval", "bit(8)",
        ] {
            #expect(try OneColumn(type).span("null") == .null, "\(type)")
        }
        // A schema's default is not put in its place.
        let decoder = EventDecoder(columns: [SourceColumn(name: "v", type: SourceType(postgres: "integer"))])
        let batch = RowBatch(columnCount: 1)
        let row =
            #"{"type":"struct","fields":[{"type":"int32","optional":true,"default":7,"field":"v"}],"field":"after"}"#
        let message =
            #"{"schema":{"type":"struct","fields":[\#(row)]},"payload":{"after":{"v":null},\#(OneColumn.source),"op":"c"}}"#
        _ = try decoder.decode(value: message, into: batch)
        #expect(batch.span(0, 0) == .null)
    }

    @Test func a14AbsentUnavailableNullAndValueAreDifferent() throws {
        let columns = ["a", "b", "c", "d"].map { SourceColumn(name: $0, type: SourceType(postgres: "text")) }
        let decoder = EventDecoder(columns: columns)
        let batch = RowBatch(columnCount: 4)
        let image = #"{"d":"","c":null,"b":"__debezium_unavailable_value"}"#
        _ = try decoder.decode(value: #"{"op":"u",\#(OneColumn.source),"after":\#(image)}"#, into: batch)
        #expect((0..<4).map { batch.span(0, $0).presence } == [.absent, .unavailable, .null, .value])
    }

    @Test func a16SpecialNumbersTakePostgresForms() throws {
        for type in ["double precision", "real"] {
            let column = try OneColumn(type)
            #expect(
                try ["\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "-0.0", "1.4E-45"].map { try column($0) }
                    == ["NaN", "Infinity", "-Infinity", "-0.0", "1.4E-45"])
        }
        let string = try OneColumn("numeric", ["decimal.handling.mode": "string"])
        #expect(try string("\"NAN\"") == "NaN")
        #expect(try string("\"POSITIVE_INFINITY\"") == "Infinity")
        #expect(try string("\"NEGATIVE_INFINITY\"") == "-Infinity")
        let double = try OneColumn("money", ["decimal.handling.mode": "double"])
        #expect(try double("9.223372036854776E16") == "92233720368547760")
        #expect(try double("-1.5E-3") == "-0.0015")
    }

    @Test func a16IntegersNeverPassThroughDouble() throws {
        #expect(try OneColumn("bigint")("9007199254740993") == "9007199254740993")
        #expect(try OneColumn("bigint")("-9223372036854775808") == "-9223372036854775808")
        let unsigned = try OneColumn(SourceType(mysql: "bigint(20) unsigned"))
        #expect(try unsigned("-1") == "18446744073709551615")
        let number = try OneColumn("numeric(38,10)", ["value.converter.decimal.format": "NUMERIC"])
        #expect(try number("9999999999999999999999999999.9999999999") == "9999999999999999999999999999.9999999999")
    }

    @Test func a17TypesAreWrittenForTheTargetsCatalog() throws {
        #expect(
            try OneColumn("mood[]")(#"["sad","it's \"fine\", \\ really",null]"#)
                == #"{sad,"it's \"fine\", \\ really",NULL}"#)
        #expect(try OneColumn("text[]")(#"["","NULL",null,"a,b","{}"," "]"#) == #"{"","NULL",NULL,"a,b","{}"," "}"#)
        #expect(try OneColumn("bytea")(#""AP8Q""#) == #"\x00ff10"#)
        #expect(try OneColumn("bytea", ["binary.handling.mode": "base64-url-safe"])(#""-_8""#) == #"\xfbff"#)
        #expect(try OneColumn("bytea[]")(#"["AP8="]"#) == #"{"\\x00ff"}"#)
        #expect(try OneColumn("inet")(#""192.168.0.1/24""#) == "192.168.0.1/24")
        #expect(try OneColumn("int4range")(#""[1,5)""#) == "[1,5)")
        #expect(try OneColumn("bit(10)")(#""gQI=""#) == "1010000001")
        #expect(try OneColumn("bit(1)")("true") == "1")
        #expect(try OneColumn("varbit")(#""BQ==""#) == "101")
        #expect(try OneColumn("interval")("3723000001") == "01:02:03.000001")
        #expect(
            try OneColumn("interval", ["interval.handling.mode": "string"])(#""P1Y2M3DT4H5M6.789S""#)
                == "P1Y2M3DT4H5M6.789S")
        #expect(try OneColumn("hstore")(#""{\"a\":\"1\",\"b\":null}""#) == #""a"=>"1", "b"=>NULL"#)
        #expect(try OneColumn("point")(#"{"x":1.5,"y":-2.5,"wkb":"","srid":null}"#) == "(1.5,-2.5)")
        #expect(try OneColumn("pair", ["include.unknown.datatypes": "true"])(#""KDEsIik=""#) == "(1,\")")
        let enumeration = try OneColumn(SourceType(mysql: "enum('a','b,c')"))
        #expect(try enumeration(#""b\\,c""#) == "b,c")
    }
}
