import ChangeEvents
import Model
import TestSupport
import Testing

/// The envelope without its types: what kind of message it is, what its source says, which columns are there.
@Suite struct EnvelopeTests {
    let columns = [
        SourceColumn(name: "id", type: SourceType(postgres: "bigint"), isKey: true),
        SourceColumn(name: "name", type: SourceType(postgres: "text")),
        SourceColumn(name: "email", type: SourceType(postgres: "text")),
        SourceColumn(name: "balance", type: SourceType(postgres: "numeric(12,2)")),
        SourceColumn(name: "created", type: SourceType(postgres: "timestamp with time zone")),
    ]

    func lifecycle(_ variant: String) throws -> ([RecordedEvent], EventDecoder, RowBatch) {
        let fixture = Recording(scenario: "pg-lifecycle", variant: variant)
        let table = TableName(schema: "public", name: "customer")
        return (
            try fixture.events(), EventDecoder(columns: columns, modes: try fixture.modes(), table: table),
            RowBatch(columnCount: columns.count)
        )
    }

    @Test(arguments: ["json", "json-schema"]) func firstRowIsDecoded(variant: String) throws {
        let (events, decoder, batch) = try lifecycle(variant)
        #expect(try decoder.decode(events[0], into: batch) == .row(0))
        let values = columns.indices.map { batch.text(of: batch.span(0, $0)) }
        #expect(values == ["1", "Ada", "ada@example.org", "10.50", "2024-01-01 00:00:00+00"])
        let header = batch.header(0)
        #expect(header.operation == .read)
        #expect(header.snapshot == .initial)
        #expect(header.position == nil)
        #expect(header.offset == 1)
    }

    /// Operation, key and kind of all events of a recording, one line each.
    private func digest(_ variant: String) throws -> [String] {
        let (events, decoder, batch) = try lifecycle(variant)
        return try events.filter { $0.topic == "src.public.customer" }.map { event in
            batch.removeAll()
            switch try decoder.decode(event, into: batch) {
            case .row(let row):
                let header = batch.header(row)
                let key = batch.text(of: batch.span(row, 0)) ?? "?"
                let other = batch.text(of: batch.otherKeySpan(row, 0)) ?? ""
                return "\(header.operation) \(key) \(header.keyChange) \(other)"
            case .truncate(let header): return "\(header.operation)"
            case let outcome: return "\(outcome)"
            }
        }
    }

    @Test(arguments: ["json", "json-schema"]) func lifecycleIsReadAsItHappened(variant: String) throws {
        #expect(
            try digest(variant) == [
                "read 1 none ", "read 2 none ", "create 3 none ", "update 3 none ", "update 3 none ",
                "delete 3 movedTo 30", "tombstone", "create 30 movedFrom 3", "delete 30 none ", "tombstone",
                "delete 2 movedTo 20", "tombstone", "create 20 movedFrom 2", "create 100 none ", "create 101 none ",
                "create 102 none ", "create 200 none ", "update 200 none ", "delete 200 none ", "tombstone",
                "create 200 none ", "update 1 none ", "truncate", "create 1 none ", "truncate",
            ])
    }

    @Test func positionsAreThePairInTheSequence() throws {
        let (events, decoder, batch) = try lifecycle("json")
        var last: SourcePosition?
        for event in events where event.topic == "src.public.customer" {
            batch.removeAll()
            guard case .row(let row) = try decoder.decode(event, into: batch), !batch.header(row).isSnapshot else {
                continue
            }
            let header = batch.header(row)
            let position = try #require(header.position)
            #expect(last.map { $0 <= position } ?? true)
            #expect(header.transaction != nil)
            #expect(header.sourceMillis > 1_795_000_000_000)
            last = position
        }
        #expect(last != nil)
    }

    @Test func fieldsAreFoundInAnyOrder() throws {
        let decoder = EventDecoder(columns: Array(columns.prefix(2)))
        let batch = RowBatch(columnCount: 2)
        let source =
            #"{"lsn":8,"txId":4294967297,"sequence":"[\"7\",\"8\"]","x":{"a":[1]},"snapshot":"false","ts_ms":5}"#
        for value in [
            #"{"op":"c","ts_ms":1,"after":{"name":"n","id":1},"source":\#(source),"before":null}"#,
            #"{"source":\#(source),"before":null,"after":{"other":1,"id":1,"name":"n"},"op":"c"}"#,
            "\n{ \"after\" : {\"id\" : 1 , \"name\":\"n\" } ,\"op\": \"c\", \"source\":\(source) }\n",
        ] {
            batch.removeAll()
            #expect(try decoder.decode(value: value, into: batch) == .row(0))
            #expect((0..<2).map { batch.text(of: batch.span(0, $0)) } == ["1", "n"])
            #expect(batch.header(0).position == SourcePosition(major: 7, minor: 8))
            #expect(batch.header(0).transaction == 1)
        }
    }

    @Test func binaryLogPositionsAreFilePlaceAndRow() throws {
        let decoder = EventDecoder(columns: [], table: TableName(schema: "shop", name: "t"))
        let batch = RowBatch(columnCount: 0)
        let source =
            #"{"row":2,"pos":2891,"file":"binlog.000017","snapshot":"false","db":"shop","table":"t","sequence":null}"#
        #expect(try decoder.decode(value: #"{"op":"c","after":{},"source":\#(source)}"#, into: batch) == .row(0))
        #expect(batch.header(0).position == SourcePosition(major: 17, minor: 2891, row: 2))
        #expect(batch.header(0).transaction == nil)
    }

    @Test func otherMessagesAreNamed() throws {
        func outcomes(_ scenario: String, _ variant: String, _ topic: String) throws -> [DecodeOutcome] {
            let decoder = EventDecoder(columns: [], table: TableName(schema: "public", name: "none"))
            let batch = RowBatch(columnCount: 0)
            return try Recording(scenario: scenario, variant: variant).events().filter { $0.topic == topic }
                .map { try decoder.decode($0, into: batch) }
        }
        for variant in ["json", "json-schema"] {
            for beat in try outcomes("pg-heartbeat", variant, "__debezium-heartbeat.src") {
                guard case .heartbeat(let millis) = beat else { throw Unexpected(outcome: beat) }
                #expect(millis > 1_795_000_000_000)
            }
            let messages = try outcomes("pg-logical-message", variant, "src.message")
            #expect(messages.count > 3)
            for message in messages {
                guard case .message = message else { throw Unexpected(outcome: message) }
            }
        }
        let markers = try outcomes("pg-transactions", "json", "src.transaction")
        #expect(markers.first == .transactionMarker(TransactionMarker(isEnd: false, transaction: "2282")))
        #expect(
            markers.dropFirst().first
                == .transactionMarker(TransactionMarker(isEnd: true, transaction: "2282", eventCount: 3)))
        let maria = try outcomes("maria-transactions", "json", "src.transaction")
        #expect(maria.first == .transactionMarker(TransactionMarker(isEnd: false, transaction: "0-1-4")))
        #expect(try outcomes("my-schema-change", "json", "src").allSatisfy { $0 == .schemaChange })
        let notes = try outcomes("pg-incremental-snapshot", "json-notifications", "src.notifications")
        #expect(!notes.isEmpty && notes.allSatisfy { $0 == .notification })
        let rows = try outcomes("pg-transactions", "json", "src.public.account")
        #expect(rows.first == .otherTable(TableName(schema: "public", name: "account")))
    }

    @Test func fullOldRowsAreKeptWhenAskedFor() throws {
        let fixture = Recording(scenario: "pg-lifecycle", variant: "json")
        let table = TableName(schema: "public", name: "customer_full")
        let decoder = EventDecoder(columns: columns, table: table)
        let batch = RowBatch(columnCount: columns.count, keepsBefore: true)
        for event in try fixture.events() { _ = try decoder.decode(event, into: batch) }
        let update = try #require((0..<batch.rowCount).first { batch.header($0).operation == .update })
        #expect(
            columns.indices.map { batch.text(of: batch.beforeSpan(update, $0)) }
                == ["3", "Cy", "cy@example.org", "-3.75", "2024-01-01 00:00:00+00"])
        #expect(batch.text(of: batch.span(update, 3)) == "-2.75")
        let delete = try #require((0..<batch.rowCount).first { batch.header($0).operation == .delete })
        #expect(
            columns.indices.map { batch.span(delete, $0).presence } == [.value, .absent, .absent, .absent, .absent])
        #expect(batch.text(of: batch.beforeSpan(delete, 1)) == "Cy")
    }

    private struct Unexpected: Error { let outcome: DecodeOutcome }
}
