/// Why a playbook cannot be read, resolved or compiled.
public struct PlaybookError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: String, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The file says something that cannot be: see `findings`.
        case invalid
        /// A secret that the file refers to is not there.
        case missingSecret
        /// The databases cannot be asked: see `underlying`.
        case database
        /// The playbook does not fit the databases: see `findings`.
        case mismatch
    }

    public let code: Code
    public let message: String
    /// Everything found, errors first in file order.
    public let findings: [Finding]
    /// The error of the layer below.
    public let underlying: (any Error)?
    /// Whether the same call may succeed later without a change of the playbook.
    public var isRetriable: Bool { code == .database }

    /// An error of the kind `code`.
    public init(_ code: Code, _ message: String, findings: [Finding] = [], underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.findings = findings
        self.underlying = underlying
    }

    public var description: String {
        var text = message
        for finding in findings where finding.severity == .error { text += "\n\(finding)" }
        if let underlying { text += ": \(underlying)" }
        return text
    }
}
