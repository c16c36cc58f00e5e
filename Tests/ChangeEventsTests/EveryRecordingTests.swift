import ChangeEvents
import Model
import Testing

/// Every recording there is: what is not decoded yet says so.
@Suite struct EveryRecordingTests {
    @Test(arguments: Fixture.all) func everyMessageIsUnderstood(fixture: Fixture) throws {
        if fixture.isAvro { try Test.cancel("Avro is not decoded yet") }
        if fixture.variant == "json-unwrapped" { try Test.cancel("flattened events are not decoded yet") }
        let decoder = EventDecoder(columns: [], modes: try fixture.modes(), table: TableName(schema: "", name: ""))
        let batch = RowBatch(columnCount: 0)
        for event in try fixture.events() {
            let outcome = try decoder.decode(event, into: batch)
            if event.value == nil { #expect(outcome == .tombstone) }
            if case .row = outcome { Issue.record("a row of no table in line \(event.line)") }
        }
    }

    @Test(arguments: ["json", "json-lock-free-parallel"]) func snapshotUnderWritesIsDecoded(variant: String) throws {
        let fixture = Fixture(scenario: "pg-snapshot-live", variant: variant)
        let columns = [
            SourceColumn(name: "id", type: SourceType(postgres: "integer"), isKey: true),
            SourceColumn(name: "n", type: SourceType(postgres: "integer")),
            SourceColumn(name: "at", type: SourceType(postgres: "timestamp with time zone")),
        ]
        let decoder = EventDecoder(columns: columns, table: TableName(schema: "public", name: "counter"))
        let batch = RowBatch(columnCount: columns.count)
        for event in try fixture.events() { _ = try decoder.decode(event, into: batch) }
        #expect(batch.rowCount >= 12)
        for row in 0..<batch.rowCount {
            #expect(batch.header(row).isSnapshot == (batch.header(row).position == nil))
            for column in columns.indices { #expect(batch.span(row, column).presence == .value) }
        }
    }

    @Test func equalNumericKeysHaveEqualBytes() throws {
        let key = SourceColumn(name: "v", type: SourceType(postgres: "numeric"), isKey: true)
        let decoder = EventDecoder(
            columns: [key], modes: try ConnectorModes(properties: ["decimal.handling.mode": "string"]))
        let batch = RowBatch(columnCount: 1)
        for text in ["1.10", "1.1", "1.1000", "100", "1"] {
            _ = try decoder.decode(value: #"{"after":{"v":"\#(text)"},\#(OneColumn.source),"op":"c"}"#, into: batch)
        }
        #expect((0..<5).map { batch.text(of: batch.span($0, 0)) } == ["1.1", "1.1", "1.1", "100", "1"])
        #expect(batch.isEqual(0, 2, columns: [0]) && batch.hash(0, columns: [0]) == batch.hash(2, columns: [0]))
        #expect(!batch.isEqual(0, 3, columns: [0]))
    }
}
