/// A table by schema and name, as the catalog spells them (never quoted, never folded).
public struct TableName: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The schema, or for MySQL and MariaDB the database.
    public let schema: String
    /// The table.
    public let name: String

    /// Names the table `schema.name`.
    public init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// Reads `schema.table`; a name without a dot is in schema `public`.
    ///
    /// - Returns: nil when a part is empty or there are more than two parts.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(schema: parts.count == 2 ? parts[0] : "public", name: parts[parts.count - 1])
    }

    /// The name as SQL: both parts quoted.
    public var quoted: String { "\(quotedIdentifier(schema)).\(quotedIdentifier(name))" }

    public var description: String { "\(schema).\(name)" }

    public static func < (left: TableName, right: TableName) -> Bool {
        (left.schema, left.name) < (right.schema, right.name)
    }
}

/// The name of an entity in the playbook: one source table mapped to one target table.
public struct EntityName: Hashable, Sendable, Comparable, RawRepresentable, CustomStringConvertible, Encodable,
    ExpressibleByStringLiteral
{
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public var description: String { rawValue }
    public static func < (left: EntityName, right: EntityName) -> Bool { left.rawValue < right.rawValue }
}

/// The name of a wave in the playbook: entities with row scopes that move together.
public struct WaveName: Hashable, Sendable, Comparable, RawRepresentable, CustomStringConvertible, Encodable,
    ExpressibleByStringLiteral
{
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public var description: String { rawValue }
    public static func < (left: WaveName, right: WaveName) -> Bool { left.rawValue < right.rawValue }
}

/// One direction of sync, with its own checkpoints.
public enum Flow: String, Sendable, CaseIterable {
    /// Source to target.
    case forward
    /// Target to source.
    case reverse

    /// The side that rows come from.
    public var from: Side { self == .forward ? .source : .target }
}

/// A Kafka topic's partition.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let topic: String
    public let partition: Int32

    /// Names partition `partition` of `topic`.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    public var description: String { "\(topic)[\(partition)]" }

    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

/// An identifier as SQL: in double quotes, quotes inside doubled.
public func quotedIdentifier(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}

/// A text as an SQL literal that means the same whatever `standard_conforming_strings` says.
public func quotedLiteral(_ text: String) -> String {
    let quoted = "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    guard text.contains("\\") else { return quoted }
    return "E" + quoted.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
}
