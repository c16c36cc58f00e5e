import Model

/// Unique values that move between rows. PostgreSQL checks a unique index row by row, so that no order of updates takes two
/// rows that swap their values; the rows have to be out of the way before the first one is written.
extension EntityStatements {
    /// Staged images that are written alike.
    public struct ImageGroup: Sendable {
        let mask: Int32
        let present: ColumnSet
        let rights: FieldRights

        /// The images of a mask, which have the columns `present`, with some rights.
        public init(mask: Int32, present: ColumnSet, rights: FieldRights) {
            self.mask = mask
            self.present = present
            self.rights = rights
        }
    }

    /// Takes the rows out of the target whose unique values the staged images change, all of them, and puts them back
    /// as the images have them, what no image writes as it was: one statement, at whose end foreign keys find every row
    /// in its place. Rows with a key that is not there are left to the upsert that follows.
    ///
    /// - Parameter unique: the target's columns in unique indexes beside the key's.
    /// - Returns: nil when no image writes any of them.
    public func untangle(_ groups: [ImageGroup], unique: Set<String>) -> String? {
        var parts: [String] = []
        var gone: [String] = []
        for group in groups {
            let written = writable(group.present).filter { $0.isUpdatable && group.rights.updates($0) }
            let moved = written.filter { unique.contains($0.column) }
            guard !moved.isEmpty else { continue }
            let number = gone.count
            let changed = moved.map { field in
                "t.\(quotedIdentifier(field.column))::text IS DISTINCT FROM s.\(name(field, written))::text"
            }
            let values = keyValues + written.map { "\($0.sql) AS \(name($0, written))" }
            let kept = insertableColumns.map { column in
                let value = written.first { $0.column == column }.map { "s.\(name($0, written))" }
                return "\(value ?? "t.\(quotedIdentifier(column))") AS \(quotedIdentifier(column))"
            }
            gone.append("_gone\(number)")
            parts.append(
                """
                _gone\(number) AS (DELETE FROM \(target.quoted) AS t \
                USING (SELECT \(values.joined(separator: ", ")) FROM \(correctedStage) \
                WHERE \(isImage(group))) AS s \
                WHERE \(keyEquality) AND (\(changed.joined(separator: " OR "))) RETURNING \(kept.joined(separator: ", ")))
                """)
        }
        guard !gone.isEmpty else { return nil }
        // Counting them has every one deleted before the first is put back.
        let all = gone.map { "(SELECT count(*) FROM \($0))" }.joined(separator: " + ")
        let columns = insertableColumns.map(quotedIdentifier).joined(separator: ", ")
        for name in gone {
            parts.append(
                """
                _back\(name) AS (INSERT INTO \(target.quoted) (\(columns)) OVERRIDING SYSTEM VALUE \
                SELECT \(columns) FROM \(name) WHERE \(all) >= 0)
                """)
        }
        return "WITH \(parts.joined(separator: ", ")) SELECT"
    }

    /// The staged images whose values in a unique index another row has: one of the target that no staged image takes them
    /// from, or an earlier staged image.
    ///
    /// - Parameter columns: the index's columns.
    /// - Returns: a query for the images' places in the batch and the target key of the row that has the values, as text[];
    ///   nil when no image writes all of the columns.
    public func clashes(_ groups: [ImageGroup], columns: [String]) -> String? {
        let images = groups.compactMap { group -> String? in
            let written = writable(group.present).filter { $0.isUpdatable && group.rights.updates($0) }
            let fields = columns.compactMap { column in written.first { $0.column == column } }
            guard fields.count == columns.count else { return nil }
            let values = keyValues + fields.enumerated().map { "\($1.sql) AS f\($0)" }
            return """
                SELECT \(alias)."_seq" AS seq, \(values.joined(separator: ", ")) FROM \(correctedStage) \
                WHERE \(isImage(group))
                """
        }
        guard !images.isEmpty else { return nil }
        let keys = keyFields.indices.map { "k\($0)" }
        func row(_ name: String, _ columns: [String]) -> String {
            "(\(columns.map { "\(name).\($0)" }.joined(separator: ", ")))"
        }
        let values = columns.indices.map { "f\($0)" }
        let taken = row("t", columns.map(quotedIdentifier))
        return """
            WITH _new AS MATERIALIZED (\(images.joined(separator: " UNION ALL "))) \
            SELECT s.seq, \(targetKeyText("t")) FROM _new AS s JOIN \(target.quoted) AS t \
            ON \(taken) = \(row("s", values)) AND NOT (\(keyEquality)) WHERE NOT EXISTS (SELECT FROM _new AS o \
            WHERE \(row("o", keys)) = \(row("t", targetKeyList)) AND \(row("o", values)) IS DISTINCT FROM \(taken)) \
            UNION ALL SELECT s.seq, ARRAY[\(keys.map { "o.\($0)::text" }.joined(separator: ", "))] \
            FROM _new AS s JOIN _new AS o ON \(row("o", values)) = \(row("s", values)) AND o.seq < s.seq
            """
    }

    private func isImage(_ group: ImageGroup) -> String {
        "\(alias).\"_op\" = 'u' AND \(alias).\"_mask\" = \(group.mask)\(group.rights.condition(alias))"
    }

    private func name(_ field: CompiledField, _ written: [CompiledField]) -> String {
        "f\(written.firstIndex { $0.column == field.column } ?? 0)"
    }
}
