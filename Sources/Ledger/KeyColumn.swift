/// A column of an entity's source key as it stands in a stage.
public struct KeyColumn: Hashable, Sendable {
    /// The stage's column, unquoted.
    public let name: String
    /// Its type as SQL, such as `bigint` or `numeric(10,2)`.
    public let type: String
    /// The collation in which key ranges are compared, as SQL (`"C"` for text), or nil for types that have none.
    public let collation: String?

    /// A key column.
    public init(name: String, type: String, collation: String?) {
        self.name = name
        self.type = type
        self.collation = collation
    }

    /// A value of it as SQL that compares as ranges do.
    func ordered(_ value: String) -> String { collation.map { "\(value) COLLATE \($0)" } ?? value }
}
