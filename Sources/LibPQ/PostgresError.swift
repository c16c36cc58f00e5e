/// What went wrong between us and a PostgreSQL server.
///
/// `description` is fit for logs: it names the SQLSTATE, its condition and the objects, and quotes the server's message and
/// hint only where they are known to hold no row's value. The full text is in `debugDescription` alone. Neither holds a
/// connection string.
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
    /// The primary message, unredacted: it may quote a value, and is for logs only as part of `description`.
    public let message: String
    /// The server's DETAIL, which may quote rows. Never to be logged.
    public let detail: String?
    /// The server's HINT, which a trigger may have made of a row.
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
    /// What this module says where the server's message is not shown.
    private let messageOfOurs: String?

    /// An error that did not come with the server's fields.
    public init(_ code: Code, _ message: String, sqlState: SQLState? = nil) {
        self.init(code: code, sqlState: sqlState, message: message) { _ in nil }
    }

    /// A server's refusal of a connection: `ours` says which connection, `message` also what the server said.
    init(refusal message: String, ours: String, sqlState: SQLState?) {
        self.init(code: .connection, sqlState: sqlState, message: message, ours: ours) { _ in nil }
    }

    /// An error with the fields that `field` finds by their code letter (libpq's `PG_DIAG_*`).
    init(
        code: Code, sqlState: SQLState?, message: String, ours: String? = nil, field: (Unicode.Scalar) -> String?
    ) {
        self.code = code
        self.sqlState = sqlState
        self.message = message.inOneLine
        detail = field("D")
        hint = field("H")?.inOneLine
        position = field("P").flatMap(Int.init)
        schema = field("s")
        table = field("t")
        column = field("c")
        dataType = field("d")
        constraint = field("n")
        context = field("W")
        messageOfOurs = ours
    }

    /// Whether an equal attempt, on a new connection if this one is broken, may succeed later.
    public var isRetriable: Bool {
        if let sqlState { return sqlState.isRetriable }
        return code == .connection
    }

    /// Whether the server refused the login: somebody else can mend that while a process waits.
    public var isRefusedLogin: Bool { sqlState?.classCode == "28" }

    /// What went wrong without what may be a row's value: the condition's name, the message if it is known to be free of
    /// values, and the objects' names.
    public var redactedMessage: String {
        var parts: [String] = []
        if let name = sqlState?.conditionName { parts.append(name) }
        if let publicMessage { parts.append(publicMessage) }
        if !objects.isEmpty { parts.append(objects) }
        return parts.isEmpty ? "an error of the database's own" : parts.joined(separator: ": ")
    }

    public var description: String {
        var text = code == .server && sqlState != nil ? "" : "\(code.rawValue) error"
        if let sqlState { text += (text.isEmpty ? "" : " ") + sqlState.rawValue }
        // `23514 check_violation: ...` as in the manual's table, but `connection error: ...`.
        text += (sqlState?.conditionName == nil ? ": " : " ") + redactedMessage
        if let position { text += " at character \(position)" }
        if showsMessage, let hint { text += " (hint: \(hint))" }
        return text
    }

    /// Whether the server's words are shown. Those of data exceptions and violations quote values, in the language of
    /// `lc_messages`; users' triggers raise what they like, under any SQLSTATE, but then there is a context.
    private var showsMessage: Bool {
        guard let sqlState, code != .usage else { return true }
        return context == nil && sqlState.hasMessagesWithoutValues
    }

    private var publicMessage: String? { showsMessage ? message : messageOfOurs }

    private var objects: String {
        var names: [String] = []
        if let table { names.append("table \(schema.map { $0 + "." } ?? "")\(table)") }
        if let column { names.append("column \(column)") }
        if let constraint { names.append("constraint \(constraint)") }
        if let dataType { names.append("type \(table == nil ? schema.map { $0 + "." } ?? "" : "")\(dataType)") }
        if names.isEmpty, let schema { names.append("schema \(schema)") }
        return names.joined(separator: ", ")
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
