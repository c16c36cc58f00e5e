/// A row that differs between the sides, or of which nothing could be proven.
public struct DriftedRow: Hashable, Sendable, Codable {
    /// In which way.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case missing, extra, different, unproven
    }

    /// The target's key, one text per key column.
    public let key: [String]
    public let kind: Kind
    /// The target columns that differ.
    public let fields: [String]

    /// A row.
    public init(key: [String], kind: Kind, fields: [String] = []) {
        self.key = key
        self.kind = kind
        self.fields = fields
    }
}
