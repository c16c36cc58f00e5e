/// Why a secret cannot be had from Vault. Holds neither the token nor a secret.
public struct VaultError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The environment does not say where Vault is or who asks.
        case settings
        /// Vault was not reached, or not trusted.
        case unreachable
        /// The token may not read the path, or is none.
        case refused
        /// There is nothing at the path.
        case notFound = "not-found"
        /// Vault is there and cannot answer: sealed, not set up, or on standby.
        case unavailable
        /// The secret has no such field, or one that is no text.
        case field
        /// The answer is not what Vault's KV engine gives.
        case answer
    }

    /// The kind of failure.
    public let code: Code
    /// What went wrong, and where.
    public let message: String
    /// What was expected.
    public let expected: String
    /// What to do about it.
    public let advice: String

    init(_ code: Code, _ message: String, expected: String, advice: String) {
        self.code = code
        self.message = message
        self.expected = expected
        self.advice = advice
    }

    public var description: String { "\(message); expected \(expected); \(advice)" }
}
