public import Model

/// A chunk that a worker has taken: its claim on it is worker and attempt.
public struct Chunk: Hashable, Sendable {
    public let id: Int64
    public let entity: EntityID
    public let wave: WaveName
    public let ordinal: Int
    public let range: KeyRange
    public let rowsEstimated: Int?
    public let worker: Int
    /// Counts from 1; more than 1 when a worker died or failed over it.
    public let attempt: Int
}
