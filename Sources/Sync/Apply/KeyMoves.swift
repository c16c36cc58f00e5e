internal import ChangeEvents
internal import Model
internal import Playbook

/// The SQL that carries a target row from its old key to its new one.
///
/// A key change arrives as a delete that names the new key and a create that names the old one, usually on two
/// partitions and so on two lanes, in any order. Columns that the events do not bring (the target's own, the other
/// side's, unchanged large values) must survive it.
///
/// The halves belong together by new key and source position, which they share; the transaction would not do, since one
/// may move two rows to the same key, and not every source has numbers for them. Where both are in one batch nobody else
/// need know. Otherwise each half inserts an entry into `tidegate.moved`: who finds one there has come second, waits until
/// the first is committed, and takes the entry away in its own transaction. So an entry is left by one half and taken
/// by the other, whatever was found under the old key, and no two lanes can miss each other.
///
/// - The delete that comes first leaves the row, as the text of its row type, which gives every type back as it was.
/// - The create that comes second puts that row down under the new key, and the image is written over it.
/// - The create that comes first finds the row under its old key still. It takes a copy, of which the columns that no
///   field writes are right; what else the image lacks is known only when the other half has come, or from the source.
/// - The delete that comes second deletes.
struct KeyMoves {
    private let entity: CompiledEntity
    private let entityID: Int
    private var statements: EntityStatements { entity.statements }
    private var alias: String { statements.alias }
    /// The session's table of halves, as SQL.
    let table: String

    init(entity: CompiledEntity, entityID: Int) {
        self.entity = entity
        self.entityID = entityID
        table = "pg_temp.\(quotedIdentifier("moves_\(entity.name)"))"
    }

    private var keyNames: [String] { entity.sourceKey.map { quotedIdentifier(entity.sourceColumns[$0].name) } }
    private var newNames: [String] { entity.sourceKey.indices.map { "\"_new\($0)\"" } }

    /// The target's columns that no field writes.
    private var ownColumns: [String] {
        let written = Set(entity.fields.map(\.column))
        return statements.insertableColumns.filter { !written.contains($0) }.map(quotedIdentifier)
    }

    /// Creates the session's table of halves: the old key under the source's names, so that it finds the target's row, and
    /// the new one beside it.
    var create: String {
        let new = zip(keyNames, newNames).map { "s.\($0) AS \($1)" }
        return """
            CREATE TEMPORARY TABLE IF NOT EXISTS \(table) ON COMMIT DELETE ROWS AS \
            SELECT \((keyNames.map { "s.\($0)" } + new).joined(separator: ", ")), s."_xid", ''::text AS "_position", \
            'd'::"char" AS "_half", false AS "_paired", false AS "_fresh", false AS "_partial", NULL::text AS "_row" \
            FROM \(statements.stage) AS s WITH NO DATA
            """
    }

    /// Takes halves in, as `EntityBatch.writeMoves` writes them: old key, new key, transaction, position, which half
    /// (`d` departs, `c` arrives, `x` arrived and has gone since), whether the other half is in the batch too, whether the
    /// new key was deleted earlier in the batch, and whether the image lacks values. Of a pair only the create is there.
    var copy: String {
        let columns = (keyNames + newNames).joined(separator: ", ")
        return """
            COPY \(table) (\(columns), "_xid", "_position", "_half", "_paired", "_fresh", "_partial") FROM STDIN
            """
    }

    // MARK: Exchange

    /// Reads the rows under the old keys, before anything is deleted or written; not those whose departure a merged chunk
    /// has seen: what the target has under the key then came later.
    ///
    /// A row that this batch deletes is locked, so that what the target's own application writes meanwhile moves along.
    ///
    /// - Parameter seen: whether merged chunks may have taken rows out of the stage.
    func read(seen: Bool) -> String {
        let row = """
            SELECT _target::text FROM \(entity.target.quoted) AS _target WHERE \(statements.stageKeyEquality("_target"))
            """
        let departs = "(\(alias).\"_half\" = 'd' OR \(alias).\"_paired\")"
        return """
            UPDATE \(table) AS \(alias) SET "_row" = CASE WHEN \(departs) THEN (\(row) FOR UPDATE) ELSE (\(row)) END \
            WHERE \(alias)."_half" <> 'x'\(seen ? " AND (NOT \(departs) OR \(isStaged))" : "")
            """
    }

    /// Leaves an entry for each half whose other half has not come, and takes those that are there.
    ///
    /// The insert waits for the lane that has the other half in its open transaction; all lanes insert in the order of the
    /// keys. A half that comes again finds its own entry.
    var exchange: String {
        """
        INSERT INTO tidegate.moved AS m (entity_id, key, position, half, row, xid) \
        SELECT DISTINCT ON (h.key, h.position) \(entityID), h.* FROM (\
        SELECT \(newKey(of: "v")) AS key, v."_position" AS position, \
        (CASE v."_half" WHEN 'd' THEN 'd' ELSE 'c' END)::"char", CASE v."_half" WHEN 'd' THEN v."_row" END, v."_xid" \
        FROM \(table) AS v WHERE NOT v."_paired") AS h ORDER BY h.key, h.position \
        ON CONFLICT (entity_id, key, position) DO UPDATE SET taken = m.half <> excluded.half, \
        row = CASE m.half WHEN 'd' THEN coalesce(m.row, excluded.row) END
        """
    }

    /// Deletes the entries that were taken, and those of pairs that have come again whole; each is looked up, however many
    /// others there are.
    var forget: String {
        """
        DELETE FROM tidegate.moved WHERE ctid = ANY (ARRAY(SELECT (SELECT m.ctid FROM tidegate.moved AS m \
        WHERE \(isEntry) AND (m.taken OR v."_paired")) FROM \(table) AS v))
        """
    }

    /// Takes the deletes out of the stage whose rows go on under the same target key, as where the key is mapped by
    /// `lower(email)` and only its case has changed: the row of the old key is that of the new one.
    var keepRows: String {
        let old = "SELECT \(keyNames.map { "v.\($0)" }.joined(separator: ", "))"
        let new = "SELECT \(zip(newNames, keyNames).map { "v.\($0) AS \($1)" }.joined(separator: ", "))"
        let isSame = entity.fields.filter(\.isKey).map { field in
            "(SELECT \(field.sql) FROM (\(old)) AS \(alias)) = (SELECT \(field.sql) FROM (\(new)) AS \(alias))"
        }.joined(separator: " AND ")
        let key = "ARRAY[\(keyNames.map { "v.\($0)::text" }.joined(separator: ", "))]"
        return """
            DELETE FROM \(statements.rawStage) WHERE \(alias)."_op" = 'd' AND (\(statements.sourceKeyText) IN (\
            SELECT \(key) FROM \(table) AS v WHERE (v."_half" = 'd' OR v."_paired") AND \(isSame))) IS TRUE
            """
    }

    // MARK: Arrival

    /// Puts rows down under the keys at which they arrive, before the images are written over them; not where no image is
    /// to be written, because the row has been deleted since or a merged chunk has seen its arrival.
    ///
    /// - Parameters:
    ///   - over: whether to put down those that replace what is there, because their key was deleted earlier in the
    ///     batch and the row is still there; otherwise the others, and a row that is there stays.
    ///   - all: whether even those, since rows are deleted before.
    ///   - hasSource: whether a copy of the row under the old key will do, because what the image lacks is read again
    ///     from the source.
    ///   - seen: whether merged chunks may have taken rows out of the stage.
    func place(over: Bool, all: Bool, hasSource: Bool, seen: Bool) -> String {
        let keys = Dictionary(
            zip(entity.fields.filter(\.isKey).map(\.column), statements.enclosedKeyList),
            uniquingKeysWith: { first, _ in first })
        let columns = statements.insertableColumns
        let values = columns.map { keys[$0] ?? "(_row.row).\(quotedIdentifier($0))" }
        let updates = columns.filter { keys[$0] == nil }.map(quotedIdentifier).map { "\($0) = EXCLUDED.\($0)" }
        var conditions = ["\(alias).\"_half\" = 'c'", "\(alias).\"_carried\" IS NOT NULL"]
        if !all { conditions.append("\(over ? "" : "NOT ")\(alias).\"_fresh\"") }
        if !hasSource { conditions.append("(\(alias).\"_known\" OR NOT \(alias).\"_partial\")") }
        if seen { conditions.append(isStaged) }
        let action = over && !updates.isEmpty ? "DO UPDATE SET \(updates.joined(separator: ", "))" : "DO NOTHING"
        return """
            INSERT INTO \(entity.target.quoted) (\(columns.map(quotedIdentifier).joined(separator: ", "))) \
            OVERRIDING SYSTEM VALUE SELECT \(values.joined(separator: ", ")) FROM \(arrivals) CROSS JOIN LATERAL (\
            SELECT \(alias)."_carried"::\(entity.target.quoted) AS row OFFSET 0) AS _row \
            WHERE \(conditions.joined(separator: " AND ")) \
            ON CONFLICT (\(statements.targetKeyList.joined(separator: ", "))) \(action)
            """
    }

    /// Gives the target's own columns their defaults where an arriving row that nobody carried replaces another life of
    /// its key; nil when the target has none.
    ///
    /// - Parameter seen: whether merged chunks may have taken rows out of the stage.
    func reset(seen: Bool) -> String? {
        guard !ownColumns.isEmpty else { return nil }
        return """
            UPDATE \(entity.target.quoted) AS _target SET \(ownColumns.map { "\($0) = DEFAULT" }.joined(separator: ", ")) \
            FROM \(arrivals) WHERE \(isOrphan)\(seen ? " AND \(isStaged)" : "") \
            AND \(statements.stageKeyEquality("_target"))
            """
    }

    /// How many arriving images lack values that neither a row of their own nor one put down has, and for how many of them
    /// the other half of the key change has not come: where there is no source to ask.
    var unavailable: String {
        let isAbsent = """
            NOT EXISTS (SELECT FROM \(entity.target.quoted) AS _target WHERE \(statements.stageKeyEquality("_target")))
            """
        return """
            SELECT count(*), count(*) FILTER (WHERE NOT \(alias)."_known") FROM \(arrivals) \
            WHERE \(alias)."_half" = 'c' AND \(alias)."_partial" \
            AND (\(alias)."_carried" IS NULL OR NOT \(alias)."_known") AND (\(alias)."_fresh" OR \(isAbsent)) \
            AND \(isStaged)
            """
    }

    /// Makes deletes of the images of mask `$1` that would leave another life of their key in the target, since nobody
    /// carried their row and the source, whose rows are in the stage under mask `$2`, has it no longer.
    var dropOrphans: String {
        let keys = "SELECT \(statements.sourceKeyText) FROM"
        let orphans = "\(keys) \(arrivals) WHERE \(isOrphan)"
        let read = "\(keys) \(statements.rawStage) WHERE \(alias).\"_mask\" = $2::integer"
        return """
            UPDATE \(statements.rawStage) SET "_op" = 'd' WHERE \(alias)."_op" = 'u' AND \(alias)."_mask" = $1::integer \
            AND (\(statements.sourceKeyText) IN (\(orphans))) IS TRUE \
            AND (\(statements.sourceKeyText) IN (\(read))) IS NOT TRUE
            """
    }

    /// An arriving row that replaces another life of its key and that nobody carried.
    private var isOrphan: String {
        "\(alias).\"_half\" = 'c' AND \(alias).\"_fresh\" AND \(alias).\"_carried\" IS NULL"
    }

    /// The creates, the new key under the source's names: with the row that is carried, and whether it is known to be the
    /// one that the image continues.
    private var arrivals: String {
        let keys = zip(newNames, keyNames).map { "v.\($0) AS \($1)" }.joined(separator: ", ")
        return """
            (SELECT \(keys), v."_half", v."_fresh", v."_partial", \
            (v."_paired" OR m.half IS NOT DISTINCT FROM 'd') AS "_known", \
            CASE WHEN v."_paired" THEN coalesce(m.row, v."_row") WHEN m.half = 'd' THEN m.row ELSE v."_row" END \
            AS "_carried" \
            FROM \(table) AS v LEFT JOIN tidegate.moved AS m ON \(isEntry)) AS \(alias)
            """
    }

    /// Whether an entry is the one of a half.
    private var isEntry: String {
        "m.entity_id = \(entityID) AND m.key = \(newKey(of: "v")) AND m.position = v.\"_position\""
    }

    private func newKey(of halves: String) -> String {
        "ARRAY[\(newNames.map { "\(halves).\($0)::text" }.joined(separator: ", "))]"
    }

    /// Whether the stage still has a row of the key that goes by the source's names. Looks at the whole stage for each:
    /// only where chunks are being merged, or for few.
    private var isStaged: String {
        let equal = keyNames.map { "_staged.\($0) = \(alias).\($0)" }.joined(separator: " AND ")
        return "EXISTS (SELECT FROM \(statements.stage) AS _staged WHERE \(equal))"
    }
}
