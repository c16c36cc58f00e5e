/// A row as the replication protocol gives it: text values that lie in the message's bytes.
@safe
public struct SourceRow {
    /// The bytes that the spans point into; kept alive by the caller.
    public let bytes: UnsafeRawBufferPointer
    /// Per column of the relation its value, null, or `unavailable` for an unchanged out-of-line value. `absent`
    /// columns are left out of the event.
    public let spans: [ValueSpan]

    /// A row whose values lie in `bytes`.
    public init(bytes: UnsafeRawBufferPointer, spans: [ValueSpan]) {
        unsafe self.bytes = unsafe bytes
        self.spans = spans
    }

    /// The text of a column that has a value.
    func text(_ span: ValueSpan) -> ByteView {
        let end = span.offset + Int(span.length)
        let isInside = unsafe span.offset >= 0 && end <= bytes.count
        precondition(isInside, "a span outside the message")
        return unsafe ByteView(bytes).slice(span.offset, end)
    }
}
