/// A five-character code by which PostgreSQL classes an error, as its manual's appendix A lists them.
///
/// What to do about an error is decided by this code, never by its text.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The five characters.
    public let rawValue: String

    /// A code from its characters, which are not checked against the list.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A code from its characters.
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    public var description: String { rawValue }

    /// The first two characters, which name the class: `22` data exception, `23` integrity violation and so on.
    public var classCode: String { String(rawValue.prefix(2)) }

    /// Whether an equal attempt may succeed later: 40001, 40P01, 55P03 and the classes 08, 53 and 57.
    public var isRetriable: Bool {
        switch self {
        case .serializationFailure, .deadlockDetected, .lockNotAvailable: true
        default: ["08", "53", "57"].contains(classCode)
        }
    }

    /// Whether the server's messages of this class speak of statements, sessions and objects and never quote a row.
    ///
    /// Not of them: data exceptions and violations, conditions that users raise, codes of extensions and foreign data
    /// wrappers, and internal errors, under which extensions report bad values.
    var hasMessagesWithoutValues: Bool { SQLState.classesWithoutValues.contains(classCode) }

    private static let classesWithoutValues: Set<String> = [
        "08", "0A", "21", "25", "26", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58",
    ]

    /// 28P01: the password is wrong.
    public static let invalidPassword: SQLState = "28P01"
    /// 3D000: there is no such database.
    public static let invalidCatalogName: SQLState = "3D000"
    /// 22021: a character that text cannot hold.
    public static let characterNotInRepertoire: SQLState = "22021"
    /// 22P02: text that is not of the type's form.
    public static let invalidTextRepresentation: SQLState = "22P02"
    /// 23502: NULL where the column forbids it.
    public static let notNullViolation: SQLState = "23502"
    /// 23503: a reference to a row that is not there.
    public static let foreignKeyViolation: SQLState = "23503"
    /// 23505: a key that is there already.
    public static let uniqueViolation: SQLState = "23505"
    /// 23514: a row that a check constraint refuses.
    public static let checkViolation: SQLState = "23514"
    /// 23P01: a row that an exclusion constraint refuses.
    public static let exclusionViolation: SQLState = "23P01"
    /// 25P02: the transaction has failed before.
    public static let inFailedTransaction: SQLState = "25P02"
    /// 40001: the transaction cannot be serialized with another.
    public static let serializationFailure: SQLState = "40001"
    /// 40P01: the transaction was chosen to end a deadlock.
    public static let deadlockDetected: SQLState = "40P01"
    /// 42501: the role may not do this.
    public static let insufficientPrivilege: SQLState = "42501"
    /// 42601: SQL that does not parse.
    public static let syntaxError: SQLState = "42601"
    /// 42703: there is no such column.
    public static let undefinedColumn: SQLState = "42703"
    /// 42704: there is no such object, of a kind that has no code of its own.
    public static let undefinedObject: SQLState = "42704"
    /// 42710: an object of this name is there already.
    public static let duplicateObject: SQLState = "42710"
    /// 42883: there is no such function or operator.
    public static let undefinedFunction: SQLState = "42883"
    /// 42P01: there is no such table.
    public static let undefinedTable: SQLState = "42P01"
    /// 55006: another session is using the object, such as a replication slot.
    public static let objectInUse: SQLState = "55006"
    /// 55P03: a lock was not to be had at once or within `lock_timeout`.
    public static let lockNotAvailable: SQLState = "55P03"
    /// 57014: the statement was cancelled, by request or by a timeout.
    public static let queryCanceled: SQLState = "57014"
    /// 57P01: an administrator ended the session, or the server is shutting down.
    public static let adminShutdown: SQLState = "57P01"
}
