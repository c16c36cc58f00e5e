public import LibPQ

/// A script as `psql` takes it: statements, comments, and the data of COPY FROM STDIN.
public struct SQLScript: Sendable {
    private enum Step: Sendable {
        case statement(String)
        case copy(String, data: String)
    }

    private var steps: [Step] = []

    /// Splits a script at the semicolons that end statements.
    public init(_ text: String) {
        var statement = ""
        var rest = text[...]
        while let first = rest.first {
            if rest.hasPrefix("--") {
                rest = rest.drop { $0 != "\n" }
            } else if first == "'" || first == "\"" {
                let end = rest.dropFirst().firstIndex(of: first).map { rest.index(after: $0) } ?? rest.endIndex
                statement += rest[..<end]
                rest = rest[end...]
            } else if rest.hasPrefix("$$") {
                let body = rest.dropFirst(2)
                let end = SQLScript.end(of: "$$", in: body)
                statement += "$$" + body[..<end]
                rest = body[end...]
            } else if first == ";" {
                rest = rest.dropFirst()
                rest = finish(statement, rest)
                statement = ""
            } else {
                statement.append(first)
                rest = rest.dropFirst()
            }
        }
        _ = finish(statement, "")
    }

    /// Runs the statements one after the other, each a transaction of its own unless the script says otherwise.
    ///
    /// - Parameter afterEach: called after every statement that leaves no transaction open.
    public func run(on connection: Connection, afterEach: () throws -> Void = {}) throws {
        for step in steps {
            switch step {
            case .statement(let sql): try connection.execute(sql)
            case .copy(let sql, let data): try connection.copyIn(sql) { try $0.write(data) }
            }
            if connection.transactionStatus == .idle { try afterEach() }
        }
    }

    private mutating func finish(_ statement: String, _ rest: Substring) -> Substring {
        let words = statement.split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty else { return rest }
        guard words[0].lowercased() == "copy", words.last?.lowercased() == "stdin" else {
            steps.append(.statement(statement))
            return rest
        }
        let lines = rest.drop { $0 != "\n" }.dropFirst()
        let end = lines.hasPrefix("\\.") ? lines.startIndex : SQLScript.start(of: "\n\\.", in: lines)
        let data = lines[..<end]
        steps.append(.copy(statement, data: data.isEmpty ? "" : data + "\n"))
        return lines[end...].drop { $0 == "\n" }.dropFirst(2)
    }

    private static func start(of marker: String, in text: Substring) -> Substring.Index {
        var rest = text
        while !rest.isEmpty, !rest.hasPrefix(marker) { rest = rest.dropFirst() }
        return rest.startIndex
    }

    private static func end(of marker: String, in text: Substring) -> Substring.Index {
        let start = start(of: marker, in: text)
        return text.index(start, offsetBy: marker.count, limitedBy: text.endIndex) ?? text.endIndex
    }
}
