public import Model

/// What a connector says of a table after DDL.
public struct AnnouncedTable: Sendable, Hashable {
    public let table: TableName
    /// The table's shape; nil when it was dropped.
    public let shape: SourceContract?
    /// Where the DDL stands in the source's log; nil for a shape that a snapshot found.
    public let position: SourcePosition?
}

/// Reads the messages of a connector's schema-change topic (MySQL, MariaDB, SQL Server, Oracle: the topic named by
/// `topic.prefix`, with `ddl` and `tableChanges`).
///
/// Types are told in the connector's words, the usual ones in PostgreSQL's, without the display width of integers.
public final class SchemaChangeReader {
    private let reader = JSONReader()

    public init() {}

    /// The tables that a message tells of.
    ///
    /// - Returns: none for a message of another kind, or about no table.
    /// - Throws: `DecodeError` for bytes that are no JSON.
    public func tables(in value: UnsafeRawBufferPointer) throws(DecodeError) -> [AnnouncedTable] {
        let tokens: JSONTokens
        do throws(JSONReader.Failure) {
            tokens = try reader.read(unsafe ByteView(value))
        } catch {
            throw DecodeError(
                code: error.isTruncated ? .truncated : .malformed, part: .value, offset: error.offset, path: "",
                expected: "a JSON document", found: error.isTruncated ? "its end" : "something else")
        }
        let root = tokens.member(0, "payload") ?? 0
        guard let changes = tokens.member(root, "tableChanges"), tokens.kind(changes) == .array else { return [] }
        let position = tokens.member(root, "source").flatMap { SourceBlock(tokens, $0).position }
        return tokens.children(changes).compactMap { change in
            guard let id = text(tokens, change, "id"), let name = Self.name(id) else { return nil }
            let table = tokens.member(change, "table").flatMap { tokens.kind($0) == .object ? $0 : nil }
            return AnnouncedTable(
                table: name, shape: table.map { shape(tokens, $0, name) }, position: position)
        }
    }

    private func shape(_ tokens: JSONTokens, _ table: Int, _ name: TableName) -> SourceContract {
        func children(_ member: StaticString) -> [Int] {
            tokens.member(table, member).map { tokens.kind($0) == .array ? tokens.children($0) : [] } ?? []
        }
        func flag(_ column: Int, _ member: StaticString) -> Bool? {
            tokens.member(column, member).map { tokens.kind($0) == .true }
        }
        return SourceContract(
            table: name.description,
            columns: children("columns").map { column in
                SourceContract.Column(
                    name: text(tokens, column, "name") ?? "", type: type(tokens, column),
                    isNotNull: flag(column, "optional").map { !$0 },
                    isGenerated: flag(column, "generated") ?? false)
            },
            key: children("primaryKeyColumnNames").map { JSONText.plain(tokens.bytes($0)) }, replicaIdentity: nil,
            modes: [:])
    }

    private func type(_ tokens: JSONTokens, _ column: Int) -> String? {
        guard let given = text(tokens, column, "typeExpression") ?? text(tokens, column, "typeName") else { return nil }
        let name = given.lowercased()
        let known = ["varchar": "character varying", "decimal": "numeric", "int": "integer"][name] ?? name
        if name.contains("int") { return known }
        let modifiers = (["length", "scale"] as [StaticString]).compactMap { member in
            tokens.member(column, member).flatMap { tokens.bytes($0).integer }
        }
        return known + (modifiers.isEmpty ? "" : "(\(modifiers.map(String.init).joined(separator: ",")))")
    }

    private func text(_ tokens: JSONTokens, _ object: Int, _ name: StaticString) -> String? {
        guard let member = tokens.member(object, name), tokens.kind(member) == .string else { return nil }
        return JSONText.plain(tokens.bytes(member))
    }

    /// `"database"."table"` or `"database"."schema"."table"`: the last two parts.
    private static func name(_ id: String) -> TableName? {
        guard id.hasPrefix("\""), id.hasSuffix("\""), id.count > 2 else { return nil }
        let inner = id.dropFirst().dropLast()
        var parts: [Substring] = []
        var rest = inner
        while let end = rest.firstRange(of: "\".\"") {
            parts.append(rest[..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        parts.append(rest)
        guard parts.count >= 2 else { return nil }
        return TableName(schema: String(parts[parts.count - 2]), name: String(parts[parts.count - 1]))
    }
}
