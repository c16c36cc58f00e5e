public import Model

/// Reads the change events of one table into a `RowBatch`.
///
/// It takes the Debezium envelope as JSON, with and without embedded schemas, of PostgreSQL, MySQL and MariaDB sources,
/// and recognises what else a connector sends: tombstones, heartbeats, transaction markers, DDL, logical messages.
/// Nothing depends on the order of fields. Values become text that PostgreSQL casts to the column's type, in one
/// spelling per value: dates and times as PostgreSQL prints them, whatever precision mode they came in.
///
/// A value that the connector could not carry is `unavailable`, never a wrong one: an unchanged out-of-line value, a
/// time stamp or an interval that overflowed, `name` columns of PostgreSQL's stream, text arrays of several dimensions.
/// A text column that really holds the placeholder's text is taken for one of these; it cannot be told apart.
///
/// Not Sendable: it owns a parser and the memory of one thread. It learns the embedded schemas it meets and recognises
/// them by their bytes.
@safe
public final class EventDecoder {
    /// The columns that rows of the batch have, in their order; fields of an event that are not among them are ignored.
    public let columns: [SourceColumn]
    /// How the connector encodes.
    public let modes: ConnectorModes
    /// The table whose events are rows; nil takes every table's.
    public let table: TableName?

    /// The number of the layout of the row that was decoded last; 0 for a delete, whose old row may be invented.
    public internal(set) var layout = 0
    var layoutNumbers = LayoutNumbers()

    let reader = JSONReader()
    let valueSchemas = SchemaCache()
    let keySchemas = SchemaCache()
    let plainFields: FieldTable
    var writer: ValueWriter
    let keyColumns: [Int]
    let keyFlags: [Bool]
    private let schemaName: [UInt8]
    private let tableName: [UInt8]

    /// A decoder for rows of these columns.
    public init(columns: [SourceColumn], modes: ConnectorModes = ConnectorModes(), table: TableName? = nil) {
        self.columns = columns
        self.modes = modes
        self.table = table
        plainFields = FieldTable(
            columns.enumerated().map { ($1.name, $0, ColumnEncoding($1, modes)) })
        writer = ValueWriter(Placeholder(modes.unavailablePlaceholder))
        keyColumns = columns.indices.filter { columns[$0].isKey }
        keyFlags = columns.map(\.isKey)
        schemaName = JSONText.escaped(table?.schema ?? "")
        tableName = JSONText.escaped(table?.name ?? "")
    }

    deinit { writer.free() }

    /// The layout of that number, from 1.
    public func layout(_ number: Int) -> EventLayout { layoutNumbers.layouts[number - 1] }

    /// Decodes one message and appends its row, if it is one, to the batch.
    ///
    /// The batch must have as many columns as the decoder. When it throws, the batch is as it was before.
    ///
    /// - Parameters:
    ///   - key: the message's key; nil when it has none.
    ///   - value: the message's value; nil for a tombstone.
    ///   - headers: the headers that tell of key changes.
    ///   - batch: where the row goes.
    ///   - partitionIndex: copied into the row's header.
    ///   - offset: copied into the row's header.
    /// - Returns: what the message is.
    public func decode(
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: EventHeaders = EventHeaders(),
        into batch: RowBatch, partitionIndex: Int32 = 0, offset: Int64 = 0
    ) throws(DecodeError) -> DecodeOutcome {
        precondition(batch.columnCount == columns.count, "the batch must have the decoder's columns")
        guard let value = unsafe value, value.count > 0 else { return .tombstone }
        let document = try unsafe parse(ByteView(value), .value, valueSchemas)
        guard document.tokens.kind(document.root) != .null else { return .tombstone }
        let envelope = try Envelope(document)
        guard let operation = envelope.operation else { return try envelope.outcomeWithoutOperation(document) }
        let source = SourceBlock(document.tokens, envelope.source)
        let header = RowHeader(
            operation: operation, position: source.position, transaction: source.transaction,
            sourceMillis: source.millis, snapshot: source.snapshot, isApplied: source.isApplied,
            partitionIndex: partitionIndex,
            offset: offset)
        if operation == .message { return .message(header) }
        if table != nil, !isOurs(document.tokens, source) { return .otherTable(Self.name(document.tokens, source)) }
        if operation == .truncate { return .truncate(header) }
        return try unsafe appendRow(document, envelope, header, key, headers, batch)
    }

    /// Decodes a message's key alone, for a message whose value cannot be decoded, and appends a row of it to the batch.
    ///
    /// When it throws, the batch is as it was before.
    ///
    /// - Returns: the row, whose other columns are absent.
    public func decodeKey(_ key: UnsafeRawBufferPointer, into batch: RowBatch) throws(DecodeError) -> Int {
        precondition(batch.columnCount == columns.count, "the batch must have the decoder's columns")
        return try unsafe appendKey(key, batch)
    }

    private func isOurs(_ tokens: JSONTokens, _ source: SourceBlock) -> Bool {
        let schema = source.schema > 0 ? source.schema : source.database
        return Self.isEqual(tokens.bytes(source.table), tableName) && Self.isEqual(tokens.bytes(schema), schemaName)
    }

    private static func isEqual(_ raw: ByteView, _ text: [UInt8]) -> Bool {
        guard raw.count == text.count else { return false }
        for index in text.indices where raw[index] != text[index] { return false }
        return true
    }

    private static func name(_ tokens: JSONTokens, _ source: SourceBlock) -> TableName {
        func text(_ token: Int) -> String {
            token > 0 && tokens.kind(token) == .string ? JSONText.plain(tokens.bytes(token)) : ""
        }
        return TableName(schema: text(source.schema > 0 ? source.schema : source.database), name: text(source.table))
    }
}
