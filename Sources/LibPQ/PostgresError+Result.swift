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
        let message = result.errorField("M") ?? result.errorMessage.trimmed
        self.init(code: code, sqlState: state, message: message, field: result.errorField)
    }
}

extension String {
    /// Without white space at the end, which libpq leaves there.
    var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
