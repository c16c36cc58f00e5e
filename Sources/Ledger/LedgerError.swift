/// What the ledger refuses.
public struct LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of refusal.
    public enum Code: String, Sendable {
        /// The checkpoint is not at the offset or fence that was believed: somebody else has the partition now.
        case fenced
        /// The chunk was taken over by another worker, or is merged already.
        case chunkLost = "chunk-lost"
        /// The ledger was written by a newer version of this program.
        case tooNew = "too-new"
        /// The ledger has not been set up in this database.
        case missing
        /// Another wave of the entity is being loaded.
        case busy
        /// The scope is in a state from which this is not possible.
        case wrongState = "wrong-state"
        /// A transfer of ownership was begun and is not decided yet.
        case transferring
        /// A value in the ledger cannot be read.
        case malformed
    }

    /// The kind of refusal.
    public let code: Code
    /// What was refused, in words, without row values.
    public let message: String

    /// A refusal.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same may be tried again after reading the ledger anew.
    public var isRetriable: Bool { [.fenced, .chunkLost, .busy, .transferring].contains(code) }

    public var description: String { "ledger: \(code.rawValue): \(message)" }
}
