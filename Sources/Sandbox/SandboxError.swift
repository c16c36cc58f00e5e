/// Why a throwaway server cannot be had.
public struct SandboxError: Error, CustomStringConvertible {
    /// What failed and what to do about it.
    public let message: String

    /// An error that says `message`.
    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
