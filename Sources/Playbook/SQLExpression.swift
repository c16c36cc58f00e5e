/// SQL as the playbook has it, which knows where each of its characters stands in the file.
public struct SQLExpression: Hashable, Sendable {
    /// The SQL.
    public let sql: String
    /// Where it begins.
    public let location: FileLocation
    /// Where each line of `sql` begins in the file; empty when that is not known (folded or escaped text).
    let lineStarts: [FileLocation]

    /// SQL that stands at `location`.
    public init(_ sql: String, at location: FileLocation) {
        self.init(sql, at: location, lineStarts: [])
    }

    init(_ sql: String, at location: FileLocation, lineStarts: [FileLocation]) {
        self.sql = sql
        self.location = location
        self.lineStarts = lineStarts
    }

    /// Where in the file the character number `position` of the SQL stands, counting from 1 as PostgreSQL does.
    ///
    /// Where that cannot be told (a folded or escaped text, a position outside), the beginning of the whole.
    public func location(ofCharacter position: Int) -> FileLocation {
        guard !lineStarts.isEmpty, position >= 1 else { return location }
        var line = 0
        var column = 0
        for scalar in sql.unicodeScalars.prefix(position - 1) {
            if scalar == "\n" {
                line += 1
                column = 0
            } else {
                column += 1
            }
        }
        guard line < lineStarts.count else { return location }
        let start = lineStarts[line]
        return FileLocation(file: start.file, line: start.line, column: start.column + column)
    }
}
