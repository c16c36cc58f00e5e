internal import ChangeEvents
internal import Ledger
internal import Model
internal import Playbook

/// The SQL by which a lane decides what of the stage is applied: on the reduced, typed stage, under the entity's lock,
/// in the transaction that applies it (DESIGN part 7).
///
/// Statements that take rows out answer with partitions and counts, so that every event is accounted for. Rows of
/// partition -1 (the delete halves of fresh images, rows read again) count for none.
struct StageFilter {
    private let entity: CompiledEntity
    private let handover: HandoverSQL
    private var statements: EntityStatements { entity.statements }
    private var alias: String { statements.alias }
    private var keys: [String] { entity.sourceKey.map { quotedIdentifier(entity.sourceColumns[$0].name) } }

    init(entity: CompiledEntity, id: EntityID) {
        self.entity = entity
        handover = HandoverSQL(
            entity: id, key: entity.handoverKey, transactionColumn: StageControl.transaction.rawValue)
    }

    // MARK: Hand-over

    /// Remembers every staged key with the transaction that touched it.
    var touch: String {
        handover.recordTouched(stage: "(SELECT * FROM \(statements.stage) WHERE \"_partition\" >= 0)")
    }

    /// Makes the session's table of merged ranges.
    var createRanges: String { handover.createRanges }

    /// Reads the merged ranges anew.
    var refillRanges: String { handover.refillRanges }

    /// Takes out what the covering merged chunk has seen already.
    var dropSeen: String { counting("DELETE FROM \(statements.rawStage) WHERE \(handover.isInBaseline(alias))") }

    // MARK: Rows of the other side

    /// Takes out the rows for which a condition over the stage holds.
    func drop(_ condition: String) -> String { counting("DELETE FROM \(statements.rawStage) WHERE \(condition)") }

    // MARK: Known defects

    /// Takes the images of mask `$1` out that have a defect, and tells their places in the batch and their waves.
    func take(_ defect: CompiledQuarantine, _ scopes: [CompiledScope]) -> String {
        """
        DELETE FROM \(statements.rawStage) WHERE \(alias)."_op" = 'u' AND \(alias)."_mask" = $1 AND (\(defect.predicate)) \
        RETURNING \(alias)."_seq", \(statements.wave(among: scopes))
        """
    }

    /// Counts the images whose known defects are corrected, of each defect those of the masks that have what it looks at.
    func countCorrected(_ scopes: [CompiledScope], masks: [(mask: Int32, present: ColumnSet)]) -> String? {
        statements.countCorrections(wave: statements.wave(among: scopes)) { needed in
            let able = masks.filter { needed.isSubset(of: $0.present) }.map { "\($0.mask)" }
            guard !able.isEmpty else { return nil }
            return "\(alias).\"_mask\" IN (\(able.joined(separator: ", "))) AND \(alias).\"_partition\" >= 0"
        }
    }

    // MARK: Rows of no started scope

    /// Takes out the images of rows that are in none of the scopes and not in the target, but for the source keys in
    /// `$1` (array literals): those that the source vouched for.
    func dropPending(_ scopes: [CompiledScope]) -> String {
        counting(
            """
            DELETE FROM \(statements.rawStage) WHERE \(isOutside(scopes)) \
            AND NOT (\(statements.sourceKeyText) = ANY (SELECT v.key::text[] FROM unnest($1::text[]) AS v (key)))
            """)
    }

    /// The keys that `dropPending` would take out, one column per key column, as text.
    func outsideKeys(_ scopes: [CompiledScope]) -> String {
        "SELECT \(keyTexts), \(alias).\"_xid\" FROM \(statements.rawStage) WHERE \(isOutside(scopes))"
    }

    // MARK: Rows that a load has set aside

    /// Puts rows in, given in `$1` as `row_to_json` made them, but for those that the target has by now.
    func stageStored(mask: Int32) -> String {
        let columns = entity.sourceColumns.map { quotedIdentifier($0.name) }.joined(separator: ", ")
        return """
            INSERT INTO \(statements.stage) (\(columns), "_mask", "_partition") \
            SELECT \(columns), \(mask), -1 FROM unnest($1::text[]) AS _row (value) \
            CROSS JOIN LATERAL json_populate_record(NULL::\(statements.stage), _row.value::json) AS _columns
            """
    }

    /// Takes the images of mask `$1` out whose rows are there.
    var dropPresent: String {
        "DELETE FROM \(statements.rawStage) WHERE \(alias).\"_mask\" = $1 AND NOT \(isAbsent)"
    }

    // MARK: Rows that an event did not bring in full

    /// The keys of the staged images of mask `$1` that have no row in the target, or all of them, one column per key
    /// column, as text.
    func keysToRead(everyRow: Bool) -> String {
        """
        SELECT \(keyTexts), \(alias)."_xid" FROM \(statements.rawStage) \
        WHERE \(alias)."_op" = 'u' AND \(alias)."_mask" = $1 AND (\(everyRow) OR \(isAbsent))
        """
    }

    /// How many staged images of mask `$1` have no row in the target, by partition.
    var countAbsent: String {
        """
        SELECT "_partition", count(*) FROM \(statements.rawStage) \
        WHERE \(alias)."_op" = 'u' AND \(alias)."_mask" = $1 AND \(alias)."_partition" >= 0 AND \(isAbsent) GROUP BY 1
        """
    }

    /// The places in the batch of the staged images that have their target key in common with others.
    var sharingKeys: String {
        let key = statements.stageKeyList.joined(separator: ", ")
        return """
            SELECT "_seq" FROM (SELECT \(alias)."_seq", count(*) OVER (PARTITION BY \(key)) AS sharing \
            FROM \(statements.correctedStage) WHERE \(alias)."_op" = 'u') AS s WHERE sharing > 1
            """
    }

    private func isOutside(_ scopes: [CompiledScope]) -> String {
        let inside = scopes.map { "(\($0.stagePredicate))" }.joined(separator: " OR ")
        return "\(alias).\"_op\" = 'u' AND (\(inside.isEmpty ? "false" : inside)) IS NOT TRUE AND \(isAbsent)"
    }

    private var isAbsent: String {
        "NOT EXISTS (SELECT FROM \(entity.target.quoted) AS _target WHERE \(statements.stageKeyEquality("_target")))"
    }

    private var keyTexts: String { keys.map { "\(alias).\($0)::text" }.joined(separator: ", ") }

    private func counting(_ delete: String) -> String {
        """
        WITH gone AS (\(delete) RETURNING \(alias)."_partition") \
        SELECT "_partition", count(*) FROM gone WHERE "_partition" >= 0 GROUP BY 1
        """
    }
}
