import Playbook
import Testing

/// A text in which `⟦` marks where a finding is expected.
struct Marked {
    let text: String
    let location: FileLocation

    init(_ marked: String, file: String = "test.yaml") {
        var line = 1
        var column = 1
        var place: (line: Int, column: Int)?
        var text = String.UnicodeScalarView()
        for scalar in marked.unicodeScalars {
            if scalar == "⟦" {
                place = (line, column)
                continue
            }
            text.append(scalar)
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        self.text = String(text)
        location = FileLocation(file: file, line: place?.line ?? 0, column: place?.column ?? 0)
    }

    /// Expects a finding of `rule` at the mark among `findings`; its advice and what was expected are looked at too.
    func expect(
        _ rule: Rule, _ severity: Finding.Severity = .error, in findings: [Finding], advice: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let matching = findings.filter { $0.rule == rule && $0.location == location && $0.severity == severity }
        let found = matching.first { finding in advice.map { finding.advice?.contains($0) == true } ?? true }
        let all = findings.map(\.description).joined(separator: "\n")
        #expect(
            found != nil,
            "expected \(severity) \(rule.rawValue) at \(location) advising \(advice ?? ""), found:\n\(all)",
            sourceLocation: sourceLocation)
        if severity == .error { #expect(found?.expected != nil, sourceLocation: sourceLocation) }
    }
}
