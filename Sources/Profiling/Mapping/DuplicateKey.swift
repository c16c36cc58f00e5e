/// A key that is unique on the target and not on the source, and what of it is there more than once.
public struct DuplicateKey: Hashable, Sendable, Codable {
    /// The target's index.
    public let index: String
    /// Its target columns.
    public let columns: [String]
    /// Keys that more than one row has, and the rows that have them.
    public let keys: Int
    public let rows: Int
    /// How many rows were looked at; nil for all of the table. Of a sample, duplicates outside it are not seen.
    public let looked: Int?
}

/// Rows that point at nothing.
public struct Orphans: Hashable, Sendable, Codable {
    /// The target's foreign key.
    public let foreignKey: String
    /// The target's columns.
    public let columns: [String]
    /// The table that was looked into: the parent's source table, or a target table that no entity fills.
    public let parent: String
    public let rows: Int
    /// Of so many that point at something.
    public let looked: Int
}
