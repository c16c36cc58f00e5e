/// Where one column's value lies in its batch, or why there is none.
public struct ValueSpan: Sendable, Equatable {
    /// Offset of the first byte in the batch's arena; 0 without a value.
    public var offset: Int
    /// Bytes of COPY text; 0 without a value.
    public var length: Int32
    /// Whether there is a value.
    public var presence: Presence

    /// The span of a value in the arena.
    @inlinable
    public init(offset: Int, length: Int32) {
        self.offset = offset
        self.length = length
        presence = .value
    }

    /// The span of a column without a value.
    @inlinable
    public init(_ presence: Presence) {
        offset = 0
        length = 0
        self.presence = presence
    }

    /// SQL NULL.
    public static let null = ValueSpan(.null)
    /// Not mentioned.
    public static let absent = ValueSpan(.absent)
    /// Mentioned without its value.
    public static let unavailable = ValueSpan(.unavailable)
}
