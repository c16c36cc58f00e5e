public import Model

/// A key range that was merged, with the snapshot that its rows were read in.
public struct MergedRange: Sendable {
    public let range: KeyRange
    public let snapshot: TransactionSnapshot
}
