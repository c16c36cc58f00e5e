import ChangeEvents
import Model
import Testing

/// Rows through the encoder and back through the decoder.
final class RoundTrip {
    let encoder: EventEncoder
    let decoder: EventDecoder
    let batch: RowBatch
    let buffer = EventBuffer()
    static let table = TableName(schema: "public", name: "t")

    init(columns: [SourceColumn], modes: ConnectorModes) {
        encoder = EventEncoder(
            table: Self.table, columns: columns, modes: modes, origin: EventOrigin(name: "src", database: "db"))
        decoder = EventDecoder(columns: columns, modes: modes, table: Self.table)
        batch = RowBatch(columnCount: columns.count)
    }

    static let stamp = ChangeStamp(
        operation: .create, lastCommit: LSN(rawValue: 100), lsn: LSN(rawValue: 200), transaction: 7,
        commitMicroseconds: 1_700_000_000_123_456, sentMicroseconds: 1_700_000_000_223_456, order: (1, 1))

    func encode(_ texts: [String?]) throws {
        var bytes: [UInt8] = []
        let spans = texts.map { text -> ValueSpan in
            guard let text else { return .null }
            let start = bytes.count
            bytes += Array(text.utf8)
            return ValueSpan(offset: start, length: Int32(bytes.count - start))
        }
        try bytes.withUnsafeBytes { bytes in
            try encoder.encode(Self.stamp, before: nil, after: SourceRow(bytes: bytes, spans: spans), into: buffer)
        }
    }

    /// Encodes one value of any bytes.
    func encode(_ text: [UInt8]) throws {
        try text.withUnsafeBytes { bytes in
            let span = ValueSpan(offset: 0, length: Int32(bytes.count))
            try encoder.encode(Self.stamp, before: nil, after: SourceRow(bytes: bytes, spans: [span]), into: buffer)
        }
    }

    func pass(_ texts: [String?]) throws -> [String?] {
        try encode(texts)
        batch.removeAll()
        let outcome = try decoder.decode(key: buffer.key, value: buffer.value, into: batch)
        try #require(outcome == .row(0))
        #expect(batch.header(0).position == SourcePosition(major: 100, minor: 200))
        #expect(batch.header(0).transaction == 7)
        return texts.indices.map { batch.text(of: batch.span(0, $0)) }
    }

    func presence(of presence: Presence) throws -> [Presence] {
        let spans = decoder.columns.map { _ in ValueSpan(presence) }
        let row = SourceRow(bytes: UnsafeRawBufferPointer(start: nil, count: 0), spans: spans)
        try encoder.encode(Self.stamp, before: nil, after: row, into: buffer)
        batch.removeAll()
        _ = try decoder.decode(key: buffer.key, value: buffer.value, into: batch)
        return spans.indices.map { batch.span(0, $0).presence }
    }
}
