internal import ChangeEvents
internal import Model
internal import Playbook

/// The SQL that carries a target row from its old key to its new one.
///
/// A key change arrives as a delete that names the new key and a create that names the old one, usually on two
/// partitions and so on two lanes. The delete puts the row down in the ledger, the create picks it up: columns that the
/// events do not bring (the target's own, the other side's, unchanged large values) survive. The two halves belong
/// together by new key and source transaction.
struct KeyMoves {
    private let entity: CompiledEntity
    private let entityID: Int
    private var statements: EntityStatements { entity.statements }
    /// The session's table of moves, as SQL.
    let table: String

    init(entity: CompiledEntity, entityID: Int) {
        self.entity = entity
        self.entityID = entityID
        table = "pg_temp.\(quotedIdentifier("moves_\(entity.name)"))"
    }

    private var keyNames: [String] { entity.sourceKey.map { quotedIdentifier(entity.sourceColumns[$0].name) } }

    /// Creates the session's table of moves: the row's own key under the source's names, the other key as text.
    var create: String {
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS \(table) ON COMMIT DELETE ROWS AS \
        SELECT s.*, NULL::text[] AS "_other", 'd'::"char" AS "_half" FROM \(statements.stage) AS s WITH NO DATA
        """
    }

    /// Takes moves in: key columns, transaction, the other key as an array literal, and which half (`d` departs, `c`
    /// arrives, `x` arrived and has gone since), and the place in the batch.
    var copy: String {
        "COPY \(table) (\(keyNames.joined(separator: ", ")), \"_xid\", \"_other\", \"_half\", \"_seq\") FROM STDIN"
    }

    /// Puts the rows of departing keys down in the ledger; not those whose departure a merged chunk has seen: what the
    /// target has under the key then came later.
    ///
    /// - Parameter seen: whether merged chunks may have taken rows out of the stage.
    func putDown(seen: Bool) -> String {
        """
        INSERT INTO tidegate.moved AS m (entity_id, key, row, xid) \
        SELECT DISTINCT ON (\(statements.alias)."_other", \(statements.alias)."_xid") \
        \(entityID), \(statements.alias)."_other", to_jsonb(_target), \(statements.alias)."_xid" \
        FROM \(moves) JOIN \(entity.target.quoted) AS _target ON \(statements.stageKeyEquality("_target")) \
        WHERE \(statements.alias)."_half" = 'd'\(seen ? " AND \(isStaged)" : "") \
        ORDER BY \(statements.alias)."_other", \(statements.alias)."_xid", \(statements.alias)."_seq" DESC \
        ON CONFLICT (entity_id, key, coalesce(xid, -1)) DO UPDATE SET row = EXCLUDED.row
        """
    }

    /// Picks rows up under the keys at which they arrive, before the images are written over them; not where no image
    /// is to be written, because the row has been deleted since or a merged chunk has seen its arrival.
    ///
    /// - Parameter seen: whether merged chunks may have taken rows out of the stage.
    func pickUp(seen: Bool) -> String {
        let key = zip(entity.fields.filter(\.isKey).map(\.column), statements.stageKeyList)
            .map { "\(quotedLiteral($0)), to_jsonb(\($1))" }.joined(separator: ", ")
        let columns = statements.insertableColumns.map(quotedIdentifier).joined(separator: ", ")
        let values = statements.insertableColumns.map { "(_row.row).\(quotedIdentifier($0))" }.joined(separator: ", ")
        return """
            INSERT INTO \(entity.target.quoted) (\(columns)) OVERRIDING SYSTEM VALUE \
            SELECT \(values) FROM (\
            SELECT jsonb_populate_record(NULL::\(entity.target.quoted), _moved.row || jsonb_build_object(\(key))) AS row \
            FROM \(moves) JOIN tidegate.moved AS _moved ON \(isArrival) \
            WHERE \(statements.alias)."_half" = 'c'\(seen ? " AND \(isStaged)" : "")) AS _row \
            ON CONFLICT DO NOTHING
            """
    }

    /// Forgets what was picked up.
    var forget: String { "DELETE FROM tidegate.moved AS _moved USING \(moves) WHERE \(isArrival)" }

    private var moves: String { "\(table) AS \(statements.alias)" }

    /// Whether the stage still has a row of a move's own key. Looks at the whole stage for each move: only where chunks
    /// are being merged.
    private var isStaged: String {
        let equal = keyNames.map { "_staged.\($0) = \(statements.alias).\($0)" }.joined(separator: " AND ")
        return "EXISTS (SELECT FROM \(statements.stage) AS _staged WHERE \(equal))"
    }

    private var isArrival: String {
        """
        \(statements.alias)."_half" IN ('c', 'x') AND _moved.entity_id = \(entityID) AND _moved.key = \(statements.sourceKeyText) \
        AND _moved.xid IS NOT DISTINCT FROM \(statements.alias)."_xid"
        """
    }
}
