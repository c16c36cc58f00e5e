import Foundation

/// Findings as people and programs read them.
public struct FindingsReport: Sendable {
    private let playbook: String
    private let findings: [Finding]

    /// A report on the findings about a playbook file.
    public init(_ findings: [Finding], playbook file: String) {
        self.findings = findings.sorted { ($0.location, $0.message) < ($1.location, $1.message) }
        playbook = file
    }

    /// One paragraph for each finding, in file order, then their number.
    public var text: String {
        (findings.map(\.description) + ["\(playbook): \(summary)"]).joined(separator: "\n")
    }

    /// `no errors`, `1 error, 2 warnings` and so on.
    public var summary: String {
        let counts = Finding.Severity.allCases.compactMap { severity -> String? in
            let count = count(severity)
            if count == 0 { return severity == .error ? "no errors" : nil }
            return "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
        }
        return counts.joined(separator: ", ")
    }

    private func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }

    /// `{"playbook", "errors", "warnings", "notes", "findings": [{"file", "line", "column", "severity", "rule",
    /// "message", "expected", "advice"}]}`.
    public func json() throws -> String {
        let body = Body(
            playbook: playbook, errors: count(.error), warnings: count(.warning), notes: count(.note),
            findings: findings.map { finding in
                Body.Item(
                    file: finding.location.file, line: finding.location.line, column: finding.location.column,
                    severity: finding.severity.rawValue, rule: finding.rule.rawValue, message: finding.message,
                    expected: finding.expected, advice: finding.advice)
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(body), as: UTF8.self)
    }

    private struct Body: Encodable {
        struct Item: Encodable {
            let file: String
            let line: Int
            let column: Int
            let severity: String
            let rule: String
            let message: String
            let expected: String?
            let advice: String?
        }

        let playbook: String
        let errors: Int
        let warnings: Int
        let notes: Int
        let findings: [Item]
    }
}
