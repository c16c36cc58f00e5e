import Foundation
import LibPQ

/// A scenario's SQL as psql would run it: statement by statement, with COPY data in the script.
struct SourceScript {
    let statements: [String]

    init(_ text: String) {
        var statements: [String] = []
        var current = ""
        var copies = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if copies {
                if line == "\\." {
                    copies = false
                    statements.append(current)
                    current = ""
                } else {
                    current += line + "\n"
                }
                continue
            }
            if line.hasPrefix("--") || (current.isEmpty && line.allSatisfy { $0 == " " }) { continue }
            current += line + "\n"
            let isComplete = current.components(separatedBy: "$$").count % 2 == 1
            guard line.hasSuffix(";"), isComplete else { continue }
            copies = line.hasSuffix("from stdin;")
            if !copies {
                statements.append(current)
                current = ""
            }
        }
        self.statements = statements
    }

    func run(on connection: Connection) throws {
        for statement in statements { try Self.run(statement, on: connection) }
    }

    static func run(_ statement: String, on connection: Connection) throws {
        guard let end = statement.range(of: "from stdin;\n") else {
            try connection.execute(statement)
            return
        }
        _ = try connection.copyIn(String(statement[..<end.upperBound])) { writer in
            try Array(statement[end.upperBound...].utf8).withUnsafeBytes { try writer.write($0) }
        }
    }
}
