import Model
import Playbook

/// The SQL that keeps a wave's manifest: what its loads write, and what was there before.
///
/// A line of `tidegate.manifest` is written in the same transaction, and under the same savepoint, as the rows that it
/// names. So its `xmin` is theirs, and a row that has another one has been written since; no column could say that, for
/// a subtransaction does not know its own number.
struct ManifestSQL {
    let entity: LoadingEntity

    private var statements: EntityStatements { entity.entity.statements }
    private var line: String { "\(entity.id), \(quotedLiteral(entity.wave.rawValue))" }

    /// Keeps the rows that the staged ones are going to overwrite.
    var keepOverwritten: String {
        keep("\(statements.correctedStage) JOIN \(target) ON \(statements.stageKeyEquality())", action: "overwritten")
    }

    /// Keeps rows of the target that a condition over `_target` is true of.
    ///
    /// - Parameter action: `overwritten` or `deleted`.
    func keep(where condition: String, action: String) -> String {
        keep("\(target) WHERE \(condition)", action: action)
    }

    private var target: String { "\(entity.entity.target.quoted) AS _target" }

    private func keep(_ rows: String, action: String) -> String {
        """
        INSERT INTO tidegate.manifest_image (entity_id, wave, key, action, writer, image)
        SELECT \(line), \(statements.targetKeyText()), '\(action)', \(writer), to_jsonb(_target) FROM \(rows)
        ON CONFLICT DO NOTHING
        """
    }

    /// Who has written a row of the target last.
    private var writer: String {
        """
        CASE WHEN _target.xmin IN (SELECT m.xmin FROM tidegate.manifest AS m WHERE m.entity_id = \(entity.id)) THEN 'tidegate'
            WHEN _target.xmin NOT IN (SELECT a.xmin FROM tidegate.applied_transaction AS a) THEN 'application'
            WHEN \(statements.targetKeyText()) IN (
                SELECT touched.key FROM tidegate.touched WHERE touched.entity_id = \(entity.id)) THEN 'stream'
            ELSE 'tidegate' END
        """
    }

    /// Notes the staged rows of a mask, after they were written; not those that the target owns and had.
    func noteStaged(mask: Int, _ ownership: EntityOwnership) -> String {
        let isForeign = """
            (\(statements.isForeignRow(ownership)) AND EXISTS (SELECT FROM tidegate.manifest_image AS i
                WHERE i.entity_id = \(entity.id) AND i.wave = \(quotedLiteral(entity.wave.rawValue))
                    AND i.key = \(statements.sourceKeyText)))
            """
        return """
            INSERT INTO tidegate.manifest (entity_id, wave, rows, keys)
            SELECT \(line), count(*), array_agg(\(statements.sourceKeyText)::text) FROM \(statements.rawStage)
            WHERE \(statements.alias)."_mask" = \(mask) AND NOT \(ownership.isAllSource ? "false" : isForeign)
            HAVING count(*) > 0
            """
    }

    /// Notes which rows that were deleted to make way for a copy, in this transaction, it has not brought again.
    func noteGone(types: [String]) -> String {
        let equal = zip(statements.targetKeyList, types.enumerated()).map {
            "_target.\($0) = i.key[\($1.offset + 1)]::\($1.element)"
        }
        return """
            UPDATE tidegate.manifest_image AS i SET action = 'deleted'
            WHERE i.entity_id = \(entity.id) AND i.xmin = pg_current_xact_id()::xid AND NOT EXISTS (
                SELECT FROM \(target) WHERE \(equal.joined(separator: " AND ")))
            """
    }

    /// Notes rows that were copied straight into the target: `$1` how many, `$2` their keys.
    var noteCopied: String {
        "INSERT INTO tidegate.manifest (entity_id, wave, rows, keys) VALUES (\(line), $1, $2)"
    }
}
