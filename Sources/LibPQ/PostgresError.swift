/// What went wrong between us and a PostgreSQL server.
///
/// `description` is fit for logs: of errors whose texts may hold row values (classes 22, 23 and P0) it holds the condition's
/// name and the names of table, column, type and constraint, and no text of the server's; of others no DETAIL and no
/// CONTEXT. Everything is in `debugDescription`. Neither holds a connection string.
public struct PostgresError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The server was not reached, refused the login, or the connection broke.
        case connection
        /// The server refused or failed the statement; `sqlState` says why.
        case server
        /// The server sent what the protocol does not allow at this point.
        case protocolViolation = "protocol-violation"
        /// The connection was closed by its owner.
        case closed
        /// The statement was cancelled, by request or by a timeout.
        case cancelled
        /// The caller asked for what cannot be: a malformed connection string, a zero byte in a text.
        case usage
    }

    /// The kind of failure.
    public let code: Code
    /// The server's class of the error, where it came from the server.
    public let sqlState: SQLState?
    /// The primary message, unredacted: for data exceptions it may quote a value.
    public let message: String
    /// The server's DETAIL, which may quote rows. Never to be logged.
    public let detail: String?
    /// The server's HINT.
    public let hint: String?
    /// Where in the statement, in characters from 1.
    public let position: Int?
    /// The schema of the object that the error is about.
    public let schema: String?
    /// The table that the error is about.
    public let table: String?
    /// The column that the error is about.
    public let column: String?
    /// The type that the error is about.
    public let dataType: String?
    /// The constraint that the error is about.
    public let constraint: String?
    /// The server's CONTEXT, such as the line of a COPY, which may quote rows. Never to be logged.
    public let context: String?

    /// An error that did not come with the server's fields.
    public init(_ code: Code, _ message: String, sqlState: SQLState? = nil) {
        self.init(code: code, sqlState: sqlState, message: message) { _ in nil }
    }

    /// An error with the fields that `field` finds by their code letter (libpq's `PG_DIAG_*`).
    init(code: Code, sqlState: SQLState?, message: String, field: (Unicode.Scalar) -> String?) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
        detail = field("D")
        hint = field("H")
        position = field("P").flatMap(Int.init)
        schema = field("s")
        table = field("t")
        column = field("c")
        dataType = field("d")
        constraint = field("n")
        context = field("W")
    }

    /// Whether an equal attempt, on a new connection if this one is broken, may succeed later.
    public var isRetriable: Bool {
        if let sqlState { return sqlState.isRetriable }
        return code == .connection
    }

    /// The primary message, or the condition's name where the message may hold a row's value, in whatever language.
    public var redactedMessage: String {
        guard let sqlState, sqlState.mayQuoteValues else { return message }
        return sqlState.condition
    }

    public var description: String {
        var text = "\(code.rawValue) error"
        if let sqlState { text += " \(sqlState)" }
        text += ": \(redactedMessage)"
        let objects = [
            table.map { "table \(schema.map { $0 + "." } ?? "")\($0)" }, column.map { "column \($0)" },
            dataType.map { "type \($0)" }, constraint.map { "constraint \($0)" },
        ].compactMap { $0 }
        if !objects.isEmpty { text += " (\(objects.joined(separator: ", ")))" }
        if let position { text += " at character \(position)" }
        if let hint, sqlState?.mayQuoteValues != true { text += " (hint: \(hint))" }
        return text
    }

    public var debugDescription: String {
        var text = "\(code.rawValue) error"
        if let sqlState { text += " \(sqlState)" }
        text += ": \(message)"
        for (name, value) in [
            ("detail", detail), ("hint", hint), ("position", position.map(String.init)), ("schema", schema),
            ("table", table), ("column", column), ("type", dataType), ("constraint", constraint), ("context", context),
        ] {
            if let value { text += "; \(name): \(value)" }
        }
        return text
    }

    /// `text` with every part in double quotes replaced by an ellipsis.
    static func withoutQuotedParts(_ text: String) -> String {
        guard let first = text.firstIndex(of: "\""), let last = text.lastIndex(of: "\""), first < last else {
            return text
        }
        return text[...first] + "…" + text[last...]
    }
}
