/// Decoded rows of one entity: an arena of COPY text, a span per column, a header per row.
///
/// Bytes in the arena are already escaped for `COPY ... FROM STDIN` in text format, so that a row is written by copying
/// its spans with tabs between them (`\N` for null). Reused between batches: `removeAll` keeps the memory, and once it
/// has grown to the size of a batch nothing is allocated any more. Not Sendable: one thread at a time.
///
/// Images: columns hold `after`. A delete holds its key columns, from `before` or the key, and no others, since the
/// connector invents those unless REPLICA IDENTITY is FULL; of a table without key columns it holds all of `before`.
/// The old row of updates and deletes is a second table of spans that exists when the batch was made with `keepsBefore`.
@safe
public final class RowBatch {
    /// How many columns every row has.
    public let columnCount: Int
    /// Whether the old row of updates and deletes is kept too.
    public let keepsBefore: Bool

    var sink = ByteSink(capacity: 1 << 16)
    var spans = SpanTable()
    var beforeSpans = SpanTable()
    var otherKeySpans = SpanTable()
    var headers: [RowHeader] = []
    /// Per row the place of its other key in `otherKeySpans`, in rows; -1 without one.
    var otherKeys: [Int32] = []

    /// An empty batch for rows of `columnCount` columns.
    public init(columnCount: Int, keepsBefore: Bool = false) {
        self.columnCount = columnCount
        self.keepsBefore = keepsBefore
    }

    deinit {
        sink.free()
        spans.free()
        beforeSpans.free()
        otherKeySpans.free()
    }

    /// How many rows the batch holds.
    public var rowCount: Int { headers.count }

    /// How many bytes the values take together.
    public var byteCount: Int { sink.count }

    /// Forgets all rows and keeps the memory.
    public func removeAll() {
        sink.removeAll()
        spans.removeAll()
        beforeSpans.removeAll()
        otherKeySpans.removeAll()
        headers.removeAll(keepingCapacity: true)
        otherKeys.removeAll(keepingCapacity: true)
    }

    /// The header of a row.
    public func header(_ row: Int) -> RowHeader { headers[row] }

    /// Replaces the header of a row.
    public func setHeader(_ row: Int, _ header: RowHeader) { headers[row] = header }

    /// What the row says of a column.
    public func span(_ row: Int, _ column: Int) -> ValueSpan {
        precondition(column >= 0 && column < columnCount && row >= 0 && row < headers.count)
        return spans[row * columnCount + column]
    }

    /// Gives a row's column another value of this batch: what merging of images does.
    public func setSpan(_ row: Int, _ column: Int, _ span: ValueSpan) {
        precondition(column >= 0 && column < columnCount && row >= 0 && row < headers.count)
        spans[row * columnCount + column] = span
    }

    /// What the old row said of a column; absent when the batch does not keep old rows or the event had none.
    public func beforeSpan(_ row: Int, _ column: Int) -> ValueSpan {
        precondition(column >= 0 && column < columnCount && row >= 0 && row < headers.count)
        return keepsBefore ? beforeSpans[row * columnCount + column] : .absent
    }

    /// What the other key of a key change says of a column: absent for all but key columns, and for other events.
    public func otherKeySpan(_ row: Int, _ column: Int) -> ValueSpan {
        precondition(column >= 0 && column < columnCount && row >= 0 && row < headers.count)
        let place = Int(otherKeys[row])
        return place < 0 ? .absent : otherKeySpans[place * columnCount + column]
    }

    /// The bytes of a value, as COPY text.
    ///
    /// - Returns: a pointer that is valid until the batch next changes; empty for a span without a value.
    @unsafe
    public func bytes(of span: ValueSpan) -> UnsafeRawBufferPointer {
        unsafe sink.view(span.offset, Int(span.length)).raw
    }

    /// Lends the bytes of a value, as COPY text.
    public func withBytes<Result, Failure: Error>(
        of span: ValueSpan, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(sink.view(span.offset, Int(span.length)).raw)
    }

    /// Adds a row whose columns are all absent.
    ///
    /// - Returns: the row's index.
    @discardableResult
    public func appendRow(_ header: RowHeader) -> Int {
        spans.append(.absent, count: columnCount)
        if keepsBefore { beforeSpans.append(.absent, count: columnCount) }
        headers.append(header)
        otherKeys.append(-1)
        return headers.count - 1
    }

    /// Removes the last row; its bytes stay in the arena until `removeAll`.
    public func removeLastRow() {
        let row = headers.count - 1
        spans.truncate(to: row * columnCount)
        if keepsBefore { beforeSpans.truncate(to: row * columnCount) }
        if otherKeys[row] >= 0 { otherKeySpans.truncate(to: Int(otherKeys[row]) * columnCount) }
        headers.removeLast()
        otherKeys.removeLast()
    }

    /// Puts a value that is not from an event into the arena.
    ///
    /// - Parameter text: PostgreSQL's text form; it is escaped for COPY here.
    public func appendValue(_ text: String) -> ValueSpan {
        let start = sink.count
        for byte in text.utf8 {
            sink.reserve(2)
            sink.putCopyEscaped(byte)
        }
        return ValueSpan(offset: start, length: Int32(sink.count - start))
    }

    /// The value of a span as text, COPY's escapes undone; nil without a value. For messages and tests, not for the
    /// row path.
    public func text(of span: ValueSpan) -> String? {
        guard span.presence == .value else { return nil }
        return copyUnescaped(sink.view(span.offset, Int(span.length)))
    }
}
