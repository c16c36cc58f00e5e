public import Model

/// A table as a live catalog has it.
public struct CatalogTable: Sendable, Codable {
    /// What the relation is.
    public enum Kind: String, Sendable, Codable {
        case table = "r"
        case partitioned = "p"
        case view = "v"
        case materialisedView = "m"
        case foreign = "f"
    }

    /// What the log holds of a row that is updated or deleted.
    public enum ReplicaIdentity: String, Sendable, Codable {
        case primaryKey = "d"
        case nothing = "n"
        case full = "f"
        case index = "i"
    }

    public let name: TableName
    public let kind: Kind
    public let replicaIdentity: ReplicaIdentity
    public let isUnlogged: Bool
    /// Rows as the last analysis saw them, 0 if there was none.
    public let estimatedRows: Int
    /// Size with indexes and out-of-line values.
    public let bytes: Int
    /// Size of the values stored out of line.
    public let outOfLineBytes: Int
    /// Whether policies hide rows from the role that asked.
    public let hidesRows: Bool
    /// Whether the role that asked may read it.
    public let isReadable: Bool
    /// Whether the role that asked may insert, update and delete rows.
    public let isWritable: Bool
    public let columns: [CatalogColumn]
    /// Unique indexes, the primary key first.
    public let uniqueIndexes: [CatalogIndex]
    public let foreignKeys: [CatalogForeignKey]
    /// Names of the triggers that an application's session fires.
    public let triggers: [String]

    /// The column of that name.
    public func column(_ name: String) -> CatalogColumn? { columns.first { $0.name == name } }

    /// The primary key's columns, in its order; empty without one.
    public var primaryKey: [String] { uniqueIndexes.first { $0.isPrimary }?.columns ?? [] }

    /// The columns that identify a row in the log, in order: those of the primary key, else of the replica identity's index,
    /// else of the first unique index without NULLs. It is what a connector keys its events by. Empty without any.
    public var eventKey: [String] {
        if !primaryKey.isEmpty { return primaryKey }
        if let index = uniqueIndexes.first(where: { $0.isReplicaIdentity }) { return index.columns }
        let usable = uniqueIndexes.first { index in
            index.isPlain && index.columns.allSatisfy { column($0)?.isNotNull == true }
        }
        return usable?.columns ?? []
    }

    /// Whether rows can be told apart by exactly these columns: what ON CONFLICT needs.
    public func isUnique(_ columns: [String]) -> Bool {
        uniqueIndexes.contains { $0.isPlain && $0.isImmediate && Set($0.columns) == Set(columns) }
    }
}

/// A unique index.
public struct CatalogIndex: Hashable, Sendable, Codable {
    public let name: String
    public let columns: [String]
    public let isPrimary: Bool
    public let isReplicaIdentity: Bool
    /// Whether it is checked at once, not at the transaction's end.
    public let isImmediate: Bool
    /// Whether it is valid, covers every row, and is over columns only.
    public let isPlain: Bool
}

/// A foreign key, seen from the table that holds it.
public struct CatalogForeignKey: Hashable, Sendable, Codable {
    public let name: String
    public let columns: [String]
    public let parent: TableName
    public let parentColumns: [String]
    public let isDeferrable: Bool
    /// Whether deletes or key changes of the parent delete or change this table's rows.
    public let cascades: Bool
}
