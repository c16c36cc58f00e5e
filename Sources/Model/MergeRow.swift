/// Where a key's row is when a chunk is merged.
public enum MergeRow: Hashable, Sendable {
    /// In the chunk: on the source, in the scope.
    case inChunk
    /// In the target and on the source, in the chunk's snapshot, but not in the chunk: it has left the scope.
    case outsideChunk
    /// In the target alone: an exact look at the source, in the chunk's snapshot, did not find it.
    case onlyInTarget
    /// In neither the chunk nor the target.
    case nowhere
}
