/// Why the demonstration could not go on.
public struct DemoError: Error, CustomStringConvertible {
    /// What failed, where to look.
    public let message: String

    /// An error that says `message`.
    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
