/// How far the chunks of a scope have come.
public struct ChunkProgress: Hashable, Sendable {
    public let planned: Int
    public let running: Int
    public let merged: Int
    public let rowsMerged: Int
    public let bytesMerged: Int
    public let rowsEstimated: Int

    /// Chunks in all.
    public var total: Int { planned + running + merged }
    /// Whether none is left to do.
    public var isComplete: Bool { merged == total }
}
