public import Model

/// Writes the change events of one PostgreSQL table as the Debezium envelope in JSON, schemas off.
///
/// It takes column values in PostgreSQL's text form, as logical replication sends them (`DateStyle` ISO, `IntervalStyle`
/// postgres, `bytea_output` hex, `TimeZone` UTC), and writes what Debezium would for the modes. Where Debezium loses
/// something, this keeps what an `EventDecoder` can read back: a time with its zone and 24:00 in ISO forms, arrays of
/// several dimensions and with bounds as PostgreSQL's text, types unknown to Debezium as text, and the unavailable
/// placeholder for what a mode cannot carry (NaN in precise decimals, overflowing time stamps).
///
/// Fragments that are the same for all events of the table are made once. Not Sendable: one thread at a time.
@safe
public final class EventEncoder {
    /// The table.
    public let table: TableName
    /// The table's columns in the order of the rows given.
    public let columns: [SourceColumn]

    private var writer: JSONValueWriter
    private let encodings: [ColumnEncoding]
    private let types: [EncodedType]
    private let keyOrder: [Int]
    /// Per column `"name":`.
    private let names: [[UInt8]]
    private let sourceHead: [UInt8]
    private let sourceDatabase: [UInt8]
    private let sourceTable: [UInt8]

    /// An encoder for one table.
    ///
    /// - Parameter keyOrder: the key columns in the key's order; nil takes those marked `isKey` as they come. Empty
    ///   makes events without a key.
    public init(
        table: TableName, columns: [SourceColumn], keyOrder: [Int]? = nil, modes: ConnectorModes, origin: EventOrigin
    ) {
        self.table = table
        self.columns = columns
        self.keyOrder = keyOrder ?? columns.indices.filter { columns[$0].isKey }
        encodings = columns.map { ColumnEncoding($0.type, modes) }
        types = columns.map { EncodedType($0.type) }
        writer = JSONValueWriter(modes)
        names = columns.map { Self.quoted($0.name) + Array(":".utf8) }
        sourceHead =
            Array("{\"version\":".utf8) + Self.quoted(origin.version)
            + Array(",\"connector\":\"postgresql\",\"name\":".utf8)
            + Self.quoted(origin.name) + Array(",\"ts_ms\":".utf8)
        sourceDatabase = Array(",\"db\":".utf8) + Self.quoted(origin.database) + Array(",\"sequence\":\"[".utf8)
        sourceTable =
            Array(",\"schema\":".utf8) + Self.quoted(table.schema) + Array(",\"table\":".utf8) + Self.quoted(table.name)
            + Array(",\"txId\":".utf8)
    }

    deinit { writer.free() }

    /// Writes an event's key and value.
    ///
    /// - Parameters:
    ///   - stamp: what happened, when and where.
    ///   - before: the old row; nil when the source did not send one.
    ///   - after: the new row; nil for deletes and truncates.
    ///   - buffer: where they go. The key is that of `after`, for a delete that of `before`; a truncate has none.
    public func encode(
        _ stamp: ChangeStamp, before: SourceRow?, after: SourceRow?, into buffer: EventBuffer
    ) throws(EncodeError) {
        try encodeKey(of: after ?? before, into: buffer)
        buffer.hasValue = true
        var sink = buffer.valueBytes
        defer { buffer.valueBytes = sink }
        sink.reserve(16)
        sink.put("{\"before\":")
        try putImage(before, into: &sink)
        sink.reserve(16)
        sink.put(",\"after\":")
        try putImage(after, into: &sink)
        sink.reserve(16)
        sink.put(",\"source\":")
        putSource(stamp, into: &sink)
        putTransaction(stamp, into: &sink)
        sink.reserve(16)
        sink.put(",\"op\":\"")
        sink.put(stamp.operation.rawValue)
        sink.put(UInt8(ascii: "\""))
        putTimes(stamp.sentMicroseconds, into: &sink)
        sink.reserve(1)
        sink.put(UInt8(ascii: "}"))
    }

    /// Writes the key of a row alone, with no value: a tombstone, or the other key for a header.
    public func encodeKey(of row: SourceRow?, into buffer: EventBuffer) throws(EncodeError) {
        buffer.start(key: row != nil && !keyOrder.isEmpty, value: false)
        guard let row, !keyOrder.isEmpty else { return }
        var sink = buffer.keyBytes
        defer { buffer.keyBytes = sink }
        sink.reserve(1)
        sink.put(UInt8(ascii: "{"))
        var isFirst = true
        for column in keyOrder { try putField(row, column, &isFirst, into: &sink) }
        sink.reserve(1)
        sink.put(UInt8(ascii: "}"))
    }

    private func putImage(_ row: SourceRow?, into sink: inout ByteSink) throws(EncodeError) {
        guard let row else {
            sink.reserve(4)
            return sink.put("null")
        }
        sink.reserve(1)
        sink.put(UInt8(ascii: "{"))
        var isFirst = true
        for column in columns.indices { try putField(row, column, &isFirst, into: &sink) }
        sink.reserve(1)
        sink.put(UInt8(ascii: "}"))
    }

    private func putField(
        _ row: SourceRow, _ column: Int, _ isFirst: inout Bool, into sink: inout ByteSink
    ) throws(EncodeError) {
        precondition(column < row.spans.count, "a row must have the table's columns")
        let span = row.spans[column]
        guard span.presence != .absent else { return }
        sink.reserve(1)
        if !isFirst { sink.put(UInt8(ascii: ",")) }
        isFirst = false
        sink.append(names[column])
        switch span.presence {
        case .null, .absent:
            sink.reserve(4)
            sink.put("null")
        case .unavailable: writer.writeUnavailable(types[column], encodings[column], into: &sink)
        case .value:
            do throws(ValueFault) {
                try writer.write(row.text(span), types[column], encodings[column], into: &sink)
            } catch {
                throw EncodeError(column: columns[column].name, expected: "\(error.expected)")
            }
        }
    }

    private static func quoted(_ text: String) -> [UInt8] {
        Array("\"".utf8) + JSONText.escaped(text) + Array("\"".utf8)
    }

    private func putSource(_ stamp: ChangeStamp, into sink: inout ByteSink) {
        sink.append(sourceHead)
        sink.appendInteger(floorDivided(stamp.commitMicroseconds, 1000))
        sink.reserve(40)
        switch stamp.snapshot {
        case .none: sink.put(",\"snapshot\":\"false\"")
        case .initial: sink.put(",\"snapshot\":\"true\"")
        case .incremental: sink.put(",\"snapshot\":\"incremental\"")
        }
        sink.append(sourceDatabase)
        putQuotedPosition(stamp.lastCommit, into: &sink)
        sink.reserve(1)
        sink.put(UInt8(ascii: ","))
        putQuotedPosition(stamp.lsn, into: &sink)
        sink.reserve(16)
        sink.put("]\",\"ts_us\":")
        sink.appendInteger(stamp.commitMicroseconds)
        sink.reserve(16)
        sink.put(",\"ts_ns\":")
        putNanoseconds(stamp.commitMicroseconds, into: &sink)
        sink.append(sourceTable)
        putNumber(stamp.transaction.map { Int64($0) }, into: &sink)
        sink.reserve(16)
        sink.put(",\"lsn\":")
        putNumber(stamp.lsn.map { Int64(bitPattern: $0.rawValue) }, into: &sink)
        sink.reserve(64)
        guard let origin = stamp.origin else { return sink.put(",\"xmin\":null,\"origin\":null,\"origin_lsn\":null}") }
        sink.put(",\"xmin\":null,\"origin\":")
        sink.append(Self.quoted(origin.name))
        sink.reserve(16)
        sink.put(",\"origin_lsn\":")
        sink.appendInteger(Int64(bitPattern: origin.lsn.rawValue))
        sink.reserve(1)
        sink.put(UInt8(ascii: "}"))
    }

    private func putQuotedPosition(_ position: LSN?, into sink: inout ByteSink) {
        sink.reserve(24)
        guard let position else { return sink.put("null") }
        sink.put("\\\"")
        sink.putDigits(position.rawValue)
        sink.put("\\\"")
    }

    private func putNumber(_ number: Int64?, into sink: inout ByteSink) {
        if let number { return sink.appendInteger(number) }
        sink.reserve(4)
        sink.put("null")
    }

    private func putTransaction(_ stamp: ChangeStamp, into sink: inout ByteSink) {
        sink.reserve(120)
        guard let order = stamp.order, let transaction = stamp.transaction else {
            return sink.put(",\"transaction\":null")
        }
        sink.put(",\"transaction\":{\"id\":\"")
        sink.putDigits(UInt64(transaction))
        sink.put(UInt8(ascii: ":"))
        sink.putDigits(stamp.lsn?.rawValue ?? 0)
        sink.put("\",\"total_order\":")
        sink.appendInteger(Int64(order.total))
        sink.reserve(64)
        sink.put(",\"data_collection_order\":")
        sink.appendInteger(Int64(order.table))
        sink.reserve(1)
        sink.put(UInt8(ascii: "}"))
    }
}

/// `,"ts_ms":…,"ts_us":…,"ts_ns":…`
private func putTimes(_ microseconds: Int64, into sink: inout ByteSink) {
    sink.reserve(120)
    sink.put(",\"ts_ms\":")
    sink.appendInteger(floorDivided(microseconds, 1000))
    sink.reserve(80)
    sink.put(",\"ts_us\":")
    sink.appendInteger(microseconds)
    sink.reserve(40)
    sink.put(",\"ts_ns\":")
    putNanoseconds(microseconds, into: &sink)
}

private func putNanoseconds(_ microseconds: Int64, into sink: inout ByteSink) {
    sink.appendInteger(microseconds)
    sink.reserve(3)
    if microseconds != 0 { sink.put("000") }
}

private func floorDivided(_ value: Int64, _ by: Int64) -> Int64 {
    value >= 0 ? value / by : (value - by + 1) / by
}
