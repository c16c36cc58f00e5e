internal import CLibPQ

extension PostgresError {
    /// The error that a result reports.
    init(_ result: Result, connectionIsBroken: Bool) {
        let state = result.errorField("C").map(SQLState.init(rawValue:))
        let code: Code =
            if connectionIsBroken {
                .connection
            } else if state == .queryCanceled {
                .cancelled
            } else {
                .server
            }
        let message = result.errorField("M") ?? result.errorMessage
        self.init(code: code, sqlState: state, message: message, field: result.errorField)
    }
}

extension String {
    /// The lines of a message in one, without the white space around them: libpq ends messages with a line break, and
    /// continues some on indented lines, which would break a line of a log.
    var inOneLine: String {
        guard contains(where: \.isNewline) else { return self }
        return split(whereSeparator: \.isNewline).map { line in
            line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        }.map { String($0) }.joined(separator: " ")
    }
}
