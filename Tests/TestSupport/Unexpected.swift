/// What a test needs is not as it should be.
public struct Unexpected: Error, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// Says what.
    public init(description: String) { self.description = description }
}
