public import Model

/// What a merge leaves in the ledger about its chunk.
public struct ChunkOutcome: Hashable, Sendable {
    /// The snapshot that its rows were read in; nil for files.
    public let snapshot: TransactionSnapshot?
    /// Rows read, counted again on arrival.
    public let rows: Int
    /// Bytes of COPY text.
    public let bytes: Int
    /// Sum of a hash of each row's COPY text.
    public let digest: UInt64

    /// What was read.
    public init(snapshot: TransactionSnapshot?, rows: Int, bytes: Int, digest: UInt64) {
        self.snapshot = snapshot
        self.rows = rows
        self.bytes = bytes
        self.digest = digest
    }
}
