import Yams

/// The file as lines, to find where the characters of a scalar stand.
struct PlaybookText {
    let file: String
    private let lines: [[Unicode.Scalar]]

    init(_ text: String, file: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.unicodeScalars) }
    }

    func location(_ mark: Mark?) -> FileLocation {
        FileLocation(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    /// SQL in a scalar, with the place of each of its lines when the text stands in the file as it is.
    func expression(_ scalar: Node.Scalar) -> SQLExpression {
        let start = location(scalar.mark)
        return SQLExpression(scalar.string, at: start, lineStarts: lineStarts(of: scalar, from: start))
    }

    private func lineStarts(of scalar: Node.Scalar, from start: FileLocation) -> [FileLocation] {
        switch scalar.style {
        case .literal:
            let content = scalar.string.split(separator: "\n", omittingEmptySubsequences: false)
            var starts: [FileLocation] = []
            for (index, text) in content.enumerated() {
                let line = start.line + 1 + index
                guard let column = columnOf(Array(text.unicodeScalars), endingLine: line) else { break }
                starts.append(FileLocation(file: file, line: line, column: column))
            }
            return starts
        case .folded:
            return []
        case .any, .plain, .singleQuoted, .doubleQuoted:
            let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
            let column = start.column + (isQuoted ? 1 : 0)
            let wanted = Array(scalar.string.unicodeScalars)
            // Escapes, doubled quotes and text over several lines make the file differ from the scalar: then only the
            // beginning is known.
            guard start.line <= lines.count, !wanted.contains("\n"),
                Array(lines[start.line - 1].dropFirst(column - 1).prefix(wanted.count)) == wanted
            else { return [] }
            return [FileLocation(file: file, line: start.line, column: column)]
        }
    }

    /// The column at which `text` begins when it ends line `number`.
    private func columnOf(_ text: [Unicode.Scalar], endingLine number: Int) -> Int? {
        guard number <= lines.count, lines[number - 1].count >= text.count,
            Array(lines[number - 1].suffix(text.count)) == text
        else { return nil }
        return lines[number - 1].count - text.count + 1
    }

    /// The place of the second of two equal keys in the mapping that begins at `start`.
    func secondKey(_ key: String, from start: FileLocation) -> FileLocation {
        let wanted = Array(key.unicodeScalars)
        var seen = 0
        for number in start.line...max(start.line, lines.count) where number <= lines.count {
            let line = lines[number - 1]
            let indent = number == start.line ? start.column - 1 : line.prefix { $0 == " " }.count
            guard indent == start.column - 1 || number == start.line else { continue }
            let rest = line.dropFirst(indent).drop { $0 == "\"" || $0 == "'" }
            guard Array(rest.prefix(wanted.count)) == wanted else { continue }
            let after = rest.dropFirst(wanted.count).first
            guard after == ":" || after == "\"" || after == "'" || after == " " else { continue }
            seen += 1
            if seen == 2 { return FileLocation(file: file, line: number, column: indent + 1) }
        }
        return start
    }
}
