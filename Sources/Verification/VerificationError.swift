/// Why a verification cannot be made.
public struct VerificationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The playbook has no such wave or entity, or nothing of it is loaded.
        case nothingToVerify = "nothing-to-verify"
        /// There is no source to compare with, or it is a standby.
        case source
        /// It was asked to stop; running it again goes on from there.
        case stopped
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong and what to do, without row values.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
