/// One thing that is wrong, doubtful or worth knowing about a playbook, at its place in the file.
public struct Finding: Hashable, Sendable, CustomStringConvertible {
    /// How much it matters.
    public enum Severity: String, Sendable, CaseIterable {
        /// Nothing can run before it is mended.
        case error
        /// It can run, but a promise is weaker than it could be.
        case warning
        /// Worth knowing.
        case note
    }

    public let severity: Severity
    public let rule: Rule
    public let location: FileLocation
    /// What is wrong.
    public let message: String
    /// What was expected in its place.
    public let expected: String?
    /// What to do about it.
    public let advice: String?

    /// A finding at `location`.
    public init(
        _ severity: Severity, _ rule: Rule, at location: FileLocation, _ message: String, expected: String? = nil,
        advice: String? = nil
    ) {
        self.severity = severity
        self.rule = rule
        self.location = location
        self.message = message
        self.expected = expected
        self.advice = advice
    }

    /// The same, about the reverse flow, for which the sides' words are swapped.
    var ofReverseFlow: Finding {
        Finding(
            severity, rule, at: location, "for the reverse flow, whose source is the target: \(message)",
            expected: expected, advice: advice)
    }

    /// The same as a warning, if it is an error: what is needed later.
    var asWarning: Finding {
        severity == .error
            ? Finding(.warning, rule, at: location, message, expected: expected, advice: advice) : self
    }

    /// `file:line:column: severity: message [rule]`, then what was expected and what to do, each on a line of its own.
    public var description: String {
        var text = "\(location): \(severity.rawValue): \(message) [\(rule.rawValue)]"
        if let expected { text += "\n    expected: \(expected)" }
        if let advice { text += "\n    advice: \(advice)" }
        return text
    }
}
