/// An event as the hand-over sees it: the final image of a key in a batch.
public struct HandoverEvent: Sendable {
    /// The source transaction; nil when the source has no numbers for them.
    public var transaction: UInt64?
    public var isDelete: Bool
    /// Whether it brought every column.
    public var isWhole: Bool

    /// An event.
    public init(transaction: UInt64?, isDelete: Bool, isWhole: Bool) {
        self.transaction = transaction
        self.isDelete = isDelete
        self.isWhole = isWhole
    }
}
