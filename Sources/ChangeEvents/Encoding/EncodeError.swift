/// A value that cannot be written as the connector's modes ask. It names the column, never the value.
public struct EncodeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The column.
    public let column: String
    /// What its text should have been.
    public let expected: String

    /// An error about a column.
    public init(column: String, expected: String) {
        self.column = column
        self.expected = expected
    }

    public var description: String { "column \(column): expected \(expected)" }
}
