import ChangeEvents
import LibPQ

/// Asks the source's catalog for what the stream does not say of a table: type names and the primary key.
///
/// It answers as of now, not as of the change; a table that is gone has the key that the stream's flags tell.
final class RelationCatalog {
    private let connection: Connection

    init(_ connection: Connection) throws(PostgresError) {
        self.connection = connection
        try connection.prepare("capture_types", sql(PackageResources.capture_types_sql))
        try connection.prepare("capture_key", sql(PackageResources.capture_key_sql))
    }

    /// The types of the columns, a domain's being that which it is made of.
    func types(of message: RelationMessage) throws(PostgresError) -> [SourceType] {
        let result = try connection.executePrepared(
            "capture_types",
            [
                .array(message.columns.map { String($0.type) }), .array(message.columns.map { String($0.modifier) }),
            ])
        var types = [SourceType](repeating: SourceType(postgres: "unknown"), count: message.columns.count)
        for row in result.rows {
            guard let place = row.int("place"), types.indices.contains(place - 1), let name = row["name"] else {
                continue
            }
            types[place - 1] = SourceType(postgres: name, isEnumeration: row.bool("is_enumeration") ?? false)
        }
        return types
    }

    /// The names of the key's columns in the key's order: the primary key, else a unique index of columns that are not null.
    func key(of message: RelationMessage) throws(PostgresError) -> [String] {
        try connection.executePrepared("capture_key", [.int(message.id)]).rows.compactMap { $0["name"] }
    }
}
