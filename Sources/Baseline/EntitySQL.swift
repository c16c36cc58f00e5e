import ChangeEvents
import Ledger
import Model
import Playbook

/// The SQL of one entity's baseline that the stream has no use for.
struct EntitySQL: Sendable {
    let entity: CompiledEntity
    let id: EntityID
    let scope: CompiledScope

    private var statements: EntityStatements { entity.statements }

    /// The source's key columns in the order of the key, as the target spells them, when the target's key is a plain
    /// copy of them: only then does a range of the source mean something on the target.
    static func hasPlainKey(_ entity: CompiledEntity) -> Bool {
        entity.fields.filter(\.isKey).map(\.sourceColumn) == entity.sourceKey.map(Optional.some)
    }

    // MARK: The source

    /// The rows of a key range, in scope, with the columns that the stage takes.
    func select(_ range: KeyRange, excluding keys: [[String]] = []) -> String {
        select(statements.sourceSelectList, range, excluding: keys)
    }

    /// The same with the columns of `fields`, for a copy straight into the target table.
    func selectFields(_ range: KeyRange, excluding keys: [[String]]) -> String {
        let columns = entity.fields.compactMap(\.sourceColumn).map {
            quotedIdentifier(entity.sourceColumns[$0].name)
        }
        return select(columns.joined(separator: ", "), range, excluding: keys)
    }

    /// The rows of some keys, whatever their scope.
    func select(keys: [[String]]) -> String {
        """
        SELECT \(statements.sourceSelectList) FROM \(statements.sourceTable)
        WHERE \(KeyRange.isAmong(statements.sourceKeyList, keys))
        """
    }

    private func select(_ columns: String, _ range: KeyRange, excluding keys: [[String]]) -> String {
        var conditions = [range.holds(statements.sourceKeyList), "(\(scope.sourcePredicate))"]
        if scope.isAll { conditions.removeLast() }
        if !keys.isEmpty { conditions.append("NOT (\(KeyRange.isAmong(statements.sourceKeyList, keys)))") }
        return "SELECT \(columns) FROM \(statements.sourceTable) WHERE \(conditions.joined(separator: " AND "))"
    }

    // MARK: Keys that a merge leaves alone

    /// The session's table of keys that the stream has touched and this chunk must leave alone: as the ledger has them,
    /// and typed.
    var newer: String { "pg_temp.\(quotedIdentifier("newer_\(entity.name)"))" }

    private var newerColumns: [String] { entity.sourceKey.indices.map { "k\($0)" } }

    /// Makes it, empty.
    var createNewer: String {
        let columns = entity.sourceKey.enumerated().map { index, column in
            "\(quotedIdentifier(entity.sourceColumns[column].name)) AS k\(index)"
        }
        return """
            CREATE TEMPORARY TABLE IF NOT EXISTS \(quotedIdentifier("newer_\(entity.name)")) ON COMMIT DELETE ROWS AS
            SELECT NULL::text[] AS key, \(columns.joined(separator: ", ")) FROM \(statements.stage) WITH NO DATA
            """
    }

    /// The types of its typed columns.
    var newerTypes: String {
        """
        SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = \(quotedLiteral(newer))::regclass AND attnum > 1 ORDER BY attnum
        """
    }

    /// Whether its typed columns compare by their bytes here, whatever the database's collation.
    var newerSortsByBytes: String {
        """
        SELECT coalesce(bool_and(a.attcollation = 0
            OR coalesce(nullif(c.collcollate, ''), d.datcollate) IN ('C', 'POSIX')), true)
        FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation
        CROSS JOIN (SELECT datcollate FROM pg_database WHERE datname = current_database()) d
        WHERE a.attrelid = \(quotedLiteral(newer))::regclass AND a.attnum > 1
        """
    }

    /// Fills it, under the entity's lock: `$1` is the chunk's snapshot, or null to leave every touched key alone.
    func fillNewer(types: [String]) -> String {
        let typed = types.enumerated().map { "(_target.key[\($0 + 1)])::\($1)" }
        return """
            INSERT INTO \(newer) SELECT _target.key, \(typed.joined(separator: ", ")) FROM tidegate.touched AS _target
            WHERE _target.entity_id = \(id) AND coalesce(NOT tidegate.sees($1::pg_snapshot, _target.xid), true)
            """
    }

    /// Those of them in a range, as the ledger has them.
    func newerKeys(_ range: KeyRange, limit: Int) -> String {
        "SELECT key FROM \(newer) WHERE \(range.holds(newerColumns)) LIMIT \(limit)"
    }

    /// Takes them out of the stage.
    var dropNewer: String {
        "DELETE FROM \(statements.rawStage) USING \(newer) AS _newer WHERE _newer.key = \(statements.sourceKeyText)"
    }

    // MARK: Rows of the range that the chunk does not hold (plain keys only)

    /// Whether a target row is in a range and its key is not to be left alone.
    func others(_ range: KeyRange) -> String {
        let equal = zip(newerColumns, statements.targetKeyList).map { "_newer.\($0) = _target.\($1)" }.joined(
            separator: " AND ")
        let columns = statements.targetKeyList.map { "_target.\($0)" }
        return """
            \(range.holds(columns)) AND NOT EXISTS (SELECT FROM \(newer) AS _newer WHERE \(equal))
            """
    }

    /// Up to `limit` of their keys.
    func otherKeys(_ range: KeyRange, limit: Int) -> String {
        "SELECT \(statements.targetKeyText("_target")) FROM \(entity.target.quoted) AS _target WHERE \(others(range)) LIMIT \(limit)"
    }

    /// Deletes them.
    func deleteOthers(_ range: KeyRange) -> String {
        "DELETE FROM \(entity.target.quoted) AS _target WHERE \(others(range))"
    }

    /// The keys of those that are not in the stage, and that are the source's to delete.
    func missingFromChunk(_ range: KeyRange, _ ownership: EntityOwnership) -> String {
        """
        SELECT \(statements.targetKeyText("_target")) FROM \(entity.target.quoted) AS _target
        WHERE \(others(range)) AND \(statements.isSourcesRow(ownership) ?? "true") AND NOT EXISTS (
            SELECT FROM \(statements.rawStage) WHERE \(statements.stageKeyEquality("_target")))
        """
    }

    /// Deletes target rows by key, given as array literals in `$1`, unless they are in the stage.
    func deleteGone(types: [String]) -> String {
        "DELETE FROM \(entity.target.quoted) AS _target WHERE \(isGone(types: types))"
    }

    /// Whether a target row's key is one of those given as array literals in `$1`, and not in the stage.
    func isGone(types: [String]) -> String {
        let typed = types.enumerated().map { "(k::text[])[\($0 + 1)]::\($1)" }
        let key = statements.targetKeyList.map { "_target.\($0)" }
        return """
            (\(key.joined(separator: ", "))) IN (SELECT \(typed.joined(separator: ", ")) FROM unnest($1::text[]) AS u (k)) AND NOT EXISTS (
                SELECT FROM \(statements.rawStage) WHERE \(statements.stageKeyEquality("_target")))
            """
    }

    // MARK: Copying straight into the target

    /// The places of the key's columns among those that `selectFields` gives, in the order of the source's key.
    var keyPlaces: [Int] {
        let columns = entity.fields.compactMap(\.sourceColumn)
        return entity.sourceKey.compactMap { columns.firstIndex(of: $0) }
    }

    /// The target table and the columns that `selectFields` gives.
    var directTable: String {
        "\(entity.target.quoted) (\(entity.fields.map { quotedIdentifier($0.column) }.joined(separator: ", ")))"
    }

    /// Whether a target row holds nothing but what the entity brings, so that deleting it and copying it anew loses
    /// nothing.
    var bringsWholeRows: Bool { Set(statements.insertableColumns) == Set(entity.fields.map(\.column)) }

    /// The stage and its columns, as `CopyPipe` takes them.
    var stageTable: String { "\(statements.stage) (\(statements.sourceSelectList))" }
}
