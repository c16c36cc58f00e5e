/// What one side sent for a value that the other owns.
public struct SuppressedCount: Hashable, Sendable, Encodable {
    /// Images whose value differed from the stored one, and was not written.
    public var writes: Int
    /// Events that changed the value on the sending side, as far as they tell.
    public var violations: Int

    /// Counts.
    public init(writes: Int = 0, violations: Int = 0) {
        self.writes = writes
        self.violations = violations
    }

    /// Both together.
    public static func + (left: SuppressedCount, right: SuppressedCount) -> SuppressedCount {
        SuppressedCount(writes: left.writes + right.writes, violations: left.violations + right.violations)
    }
}
