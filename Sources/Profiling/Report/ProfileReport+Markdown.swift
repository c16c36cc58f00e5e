import Model

extension ProfileReport {
    /// The report as Markdown.
    public var markdown: String {
        "# Profile of \(playbook)\n" + profiles.map(Self.section).joined()
    }

    private static func section(_ profile: EntityProfile) -> String {
        var text = "\n## \(profile.entity)\n\n\(profile.source) to \(profile.target): \(ProfileWords.extent(profile)); "
        text += "put to the mapping: \(Magnitude.rows(profile.rowsMapped)).\n\n"
        text += table(
            ["column", "kind", "NULL", "distinct", "range", "odd", "forms"],
            profile.columns.map { column in
                [
                    column.name, column.kind.rawValue, Magnitude.percent(column.nullShare),
                    ProfileWords.distinct(column), ProfileWords.range(column), ProfileWords.remarks(column),
                    ProfileWords.forms(column),
                ]
            })
        let findings = ProfileWords.findings(profile)
        if !findings.isEmpty {
            text += "\nWhat a load would stumble over:\n\n" + findings.map { "- \(escaped($0))\n" }.joined()
        }
        if !profile.suggestions.isEmpty {
            text += "\nEntries for `defects` of `\(profile.entity)`:\n\n```yaml\n"
            text += profile.suggestions.map { "# \($0.reason)\n\($0.line)\n" }.joined() + "```\n"
        }
        for values in profile.columns where !values.values.isEmpty {
            text += "\nMost frequent values of \(values.name): "
            text += values.values.map { "\(escaped($0.text)) (\($0.rows))" }.joined(separator: ", ") + "\n"
        }
        if !profile.notes.isEmpty { text += "\n" + profile.notes.map { "Note: \($0).\n" }.joined() }
        return text
    }

    private static func table(_ head: [String], _ lines: [[String]]) -> String {
        ([head, [String](repeating: "---", count: head.count)] + lines).map { cells in
            "| " + cells.map(escaped).joined(separator: " | ") + " |\n"
        }.joined()
    }

    /// Text that Markdown shows as it is.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if "\\`*_[]<>|#".contains(character) { escaped += "\\" }
            escaped += character.isNewline ? " " : String(character)
        }
        return escaped
    }
}
