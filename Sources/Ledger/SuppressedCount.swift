/// What the source sent for a value that the target owns.
public struct SuppressedCount: Hashable, Sendable, Encodable {
    /// Images whose value differed from the stored one, and was not written.
    public var writes: Int
    /// Events that changed the value on the source, as far as they tell.
    public var violations: Int

    /// Counts.
    public init(writes: Int = 0, violations: Int = 0) {
        self.writes = writes
        self.violations = violations
    }
}
