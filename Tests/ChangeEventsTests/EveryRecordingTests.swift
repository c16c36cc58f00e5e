import ChangeEvents
import Model
import TestSupport
import Testing

/// Every recording there is.
@Suite struct EveryRecordingTests {
    /// Why a recording is not replayed to rows: its format is not decoded yet, and a playbook that names it is refused.
    private static func reasonNotToReplay(_ recording: Recording) -> String? {
        if recording.isAvro { return "kafka.format debezium-avro is not built yet" }
        if recording.variant == "json-unwrapped" { return "kafka.format debezium-flat is not built yet" }
        if recording.scenario == "pg-origins" {
            return "one session at a time may run its script: the capture's tests do"
        }
        return nil
    }

    /// A new folder is replayed by one of the tests, or it is listed above.
    @Test func everyRecordingIsReplayedToRowsOrSaysWhyNot() {
        let replayed = Set(
            (PostgresReplayTests.fixtures + MySQLReplayTests.fixtures + SchemaChangeReplayTests.fixtures
                + LiveSnapshotReplayTests.fixtures).map(\.description))
        #expect(!replayed.isEmpty)
        for recording in Recording.all {
            let reason = Self.reasonNotToReplay(recording)
            #expect(replayed.contains(recording.description) == (reason == nil), "\(recording): \(reason ?? "")")
        }
    }

    @Test(arguments: Recording.all.filter { reasonNotToReplay($0) == nil })
    func everyMessageIsUnderstood(fixture: Recording) throws {
        let decoder = EventDecoder(columns: [], modes: try fixture.modes(), table: TableName(schema: "", name: ""))
        let batch = RowBatch(columnCount: 0)
        for event in try fixture.events() {
            let outcome = try decoder.decode(event, into: batch)
            if event.value == nil { #expect(outcome == .tombstone) }
            if case .row = outcome { Issue.record("a row of no table in line \(event.line)") }
        }
    }

    /// A session of this program's is known by its replication origin.
    @Test func originsTellEchoes() throws {
        let recording = Recording(scenario: "pg-origins", variant: "json")
        let column = SourceColumn(name: "id", type: SourceType(postgres: "bigint"), isKey: true)
        let decoder = EventDecoder(
            columns: [column], modes: try recording.modes(), table: TableName(schema: "public", name: "account"))
        let batch = RowBatch(columnCount: 1)
        for event in try recording.events() { _ = try decoder.decode(event, into: batch) }
        let echoes = (0..<batch.rowCount).map { batch.header($0).isApplied }
        #expect(echoes == [false, false, true, true, true, true, false, false])
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
