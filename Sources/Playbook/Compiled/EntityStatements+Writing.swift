import Model

extension EntityStatements {
    /// Inserts the staged images of mask `$1`, which have the columns `present`, or updates the rows that are there.
    ///
    /// Fields that depend on a column not present are not in the statement at all, nor are those that the images have no
    /// right to.
    /// - Returns: nil when the key cannot be made from `present`, or nothing may be written.
    public func upsert(present: ColumnSet, rights: FieldRights = .everything) -> String? {
        guard rights.mayInsert else { return update(present: present, rights: rights) }
        let written = writable(present).filter { rights.inserts($0) }
        guard hasKey(written) else { return nil }
        let columns = written.map { quotedIdentifier($0.column) }
        let updates = written.filter { $0.isUpdatable && rights.updates($0) }.map { field in
            "\(quotedIdentifier(field.column)) = EXCLUDED.\(quotedIdentifier(field.column))"
        }
        let action = updates.isEmpty ? "DO NOTHING" : "DO UPDATE SET \(updates.joined(separator: ", "))"
        return """
            INSERT INTO \(target.quoted) (\(columns.joined(separator: ", "))) OVERRIDING SYSTEM VALUE \
            SELECT \(written.map(\.sql).joined(separator: ", ")) FROM \(correctedStage) WHERE \(isImage)\(rights.condition(alias)) \
            ON CONFLICT (\(keyFields.map { quotedIdentifier($0.column) }.joined(separator: ", "))) \(action)
            """
    }

    /// Updates the rows that are there from the staged images of mask `$1`, which have the columns `present`.
    ///
    /// For images with unavailable columns: a row that is not there cannot be made from them, see `unmatched(present:)`.
    /// - Returns: nil when the key cannot be made from `present`, or nothing but the key may be written.
    public func update(present: ColumnSet, rights: FieldRights = .everything) -> String? {
        let written = writable(present)
        let updated = written.filter { $0.isUpdatable && rights.updates($0) }
        guard hasKey(written), !updated.isEmpty else { return nil }
        let sets = updated.enumerated().map { "\(quotedIdentifier($1.column)) = s.f\($0)" }
        let values = keyValues + updated.enumerated().map { "\($1.sql) AS f\($0)" }
        return """
            UPDATE \(target.quoted) AS t SET \(sets.joined(separator: ", ")) \
            FROM (SELECT \(values.joined(separator: ", ")) FROM \(correctedStage) WHERE \(isImage)\(rights.condition(alias))) AS s \
            WHERE \(keyEquality)
            """
    }

    /// The keys, as text[] in column `key`, of the staged images of mask `$1` that have no row in the target.
    public var unmatched: String {
        """
        SELECT ARRAY[\(keyFields.indices.map { "s.k\($0)::text" }.joined(separator: ", "))] AS key \
        FROM (SELECT \(keyValues.joined(separator: ", ")) FROM \(correctedStage) WHERE \(isImage)) AS s \
        WHERE NOT EXISTS (SELECT FROM \(target.quoted) AS t WHERE \(keyEquality))
        """
    }

    /// Deletes the rows of the staged deletes (`_op` d).
    public var delete: String {
        """
        DELETE FROM \(target.quoted) AS t \
        USING (SELECT \(keyValues.joined(separator: ", ")) FROM \(correctedStage) WHERE \(alias)."_op" = 'd') AS s \
        WHERE \(keyEquality)
        """
    }

    /// The same, but for rows that a staged image writes too: where several source keys can mean one target key, the row
    /// of a deleted key may go on under another. Images must be written before.
    public var deleteUnlessWritten: String {
        let keys = keyFields.indices.map { "k\($0)" }
        let isKey = keys.map { "u.\($0) IS NOT NULL" }.joined(separator: " AND ")
        return """
            \(delete) AND (\(keys.map { "s.\($0)" }.joined(separator: ", "))) NOT IN (\
            SELECT \(keys.map { "u.\($0)" }.joined(separator: ", ")) \
            FROM (SELECT \(keyValues.joined(separator: ", ")) FROM \(correctedStage) WHERE \(alias)."_op" = 'u') AS u \
            WHERE \(isKey))
            """
    }

    /// Empties the target table. TRUNCATE would take a lock that readers wait for, and is refused where a foreign key
    /// points at the table, so rows are deleted.
    public var truncate: String { "DELETE FROM \(target.quoted)" }

    /// Puts back a row that was kept as `to_jsonb(row)`, given as `$1`; columns that are generated make themselves.
    public var restore: String {
        let columns = insertableColumns.map(quotedIdentifier).joined(separator: ", ")
        return """
            INSERT INTO \(target.quoted) (\(columns)) OVERRIDING SYSTEM VALUE \
            SELECT \(columns) FROM jsonb_populate_record(NULL::\(target.quoted), $1::jsonb) ON CONFLICT DO NOTHING
            """
    }

    // MARK: Keys

    /// The key's target columns, as SQL.
    public var targetKeyList: [String] { keyFields.map { quotedIdentifier($0.column) } }

    /// A staged row's key, one expression per target key column, of exactly that column's type.
    public var stageKeyList: [String] { keyFields.map(\.sql) }

    /// A staged row's key, one expression per target key column, beside other tables in FROM: names in a user's
    /// expression may be theirs too, and the innermost wins.
    public var enclosedKeyList: [String] {
        keyFields.map { "(SELECT \($0.sql) FROM (SELECT \(alias).*) AS \(alias))" }
    }

    /// A staged row's key as text[], over `correctedStage`; equal to `targetKeyText` of the row it makes.
    public var stageKeyText: String { "ARRAY[\(stageKeyList.map { "(\($0))::text" }.joined(separator: ", "))]" }

    /// A target row's key as text[], the target table going by `alias`.
    public func targetKeyText(_ alias: String = "_target") -> String {
        "ARRAY[\(targetKeyList.map { "\(alias).\($0)::text" }.joined(separator: ", "))]"
    }

    /// Whether a row of `correctedStage` and the target row are the same, both being in FROM.
    public func stageKeyEquality(_ targetAlias: String = "_target") -> String {
        keyFields.enumerated().map { index, field in
            let value = field.sourceColumn != nil ? field.sql : enclosedKeyList[index]
            return "\(targetAlias).\(quotedIdentifier(field.column)) = \(value)"
        }.joined(separator: " AND ")
    }

    var keyValues: [String] { keyFields.enumerated().map { "\($1.sql) AS k\($0)" } }

    /// Whether the target's row `t` and the row `s` of `keyValues` are the same.
    var keyEquality: String {
        keyFields.enumerated().map { "t.\(quotedIdentifier($1.column)) = s.k\($0)" }.joined(separator: " AND ")
    }

    var isImage: String { "\(alias).\"_op\" = 'u' AND \(alias).\"_mask\" = $1" }

    private func hasKey(_ written: [CompiledField]) -> Bool {
        written.count { $0.isKey } == keyFields.count
    }
}
