/// Why a load cannot go on.
public struct BaselineError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The playbook has no such wave, or the wave takes nothing.
        case unknownWave = "unknown-wave"
        /// The target has rows that no wave has brought.
        case unknownRows = "unknown-rows"
        /// The source is not fit for a baseline, or there is none.
        case source
        /// The connector does not send the changes of a table.
        case unpublished
        /// Rows were lost on the way: what arrived is not what was sent.
        case mismatch
        /// Rows that are gone from the source are still pointed at on the target: the stream has not come as far.
        case referenced
        /// Rows of a wave that is to be rolled back were written by others since.
        case written
        /// An exported file is missing or does not fit the table.
        case file
        /// Rows that were to be read again cannot be written.
        case unwritten
        /// The load was asked to stop; it resumes at its last chunk.
        case stopped
        /// The proof that the stream has passed the seal did not come in time.
        case timeout
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do next, without row values.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
