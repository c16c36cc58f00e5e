import LibPQ

/// Values that a target column would refuse, or that would not even arrive there.
public struct Rejection: Hashable, Sendable, Codable {
    /// The target column; for rows that do not reach the mapping, the source's columns, or nothing where none is to blame.
    public let field: String
    /// The target column's type.
    public let type: String
    /// The server's code; `23502` for NULL where the column forbids it.
    public let sqlState: String
    public let rows: Int
    /// Of so many.
    public let looked: Int

    init(field: String, type: String, sqlState: SQLState?, rows: Int, looked: Int) {
        self.field = field
        self.type = type
        self.sqlState = sqlState?.rawValue ?? ""
        self.rows = rows
        self.looked = looked
    }

    /// What is wrong, without a value.
    public var reason: String {
        switch sqlState {
        case "22001": "too long for \(type)"
        case "22003": "out of the range of \(type)"
        case "22007", "22008": "not a date or time that \(type) can hold"
        case "22P02", "22P03": "not of the form of \(type)"
        case "22021": "bytes that are no characters in the source's encoding"
        case "22P05": "characters that the target's encoding, or jsonb, cannot hold"
        case "22012": "a division by zero in the expression"
        case "23502": "NULL, which the column forbids"
        case "23514": "a value that the domain's check forbids"
        default: SQLState(rawValue: sqlState).conditionName ?? "refused with \(sqlState)"
        }
    }
}
