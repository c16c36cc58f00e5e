/// Why a bundle cannot be written, or is not to be trusted.
public struct BundleError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// A key file is missing or is not one.
        case key
        /// The archive cannot be written or read.
        case archive
        /// Nothing was found of the wave yet.
        case evidence
        /// It was signed with another key, or changed since.
        case signature
        /// A file in it is not what was signed, or what it says does not hold.
        case content
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
