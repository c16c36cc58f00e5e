import ChangeEvents
import Ledger
import Model
import Playbook

/// The SQL that takes an entity's rows of a wave out of the target. Their keys are in the stage.
struct RollbackSQL {
    let entity: CompiledEntity
    let id: EntityID
    let wave: WaveName

    private var statements: EntityStatements { entity.statements }
    private var isOfWave: String { "entity_id = \(id) AND wave = \(quotedLiteral(wave.rawValue))" }
    private var keyColumns: [String] { entity.sourceKey.map { quotedIdentifier(entity.sourceColumns[$0].name) } }

    // MARK: The wave's keys

    /// The keys of the source's rows that are in the wave's scope, and in no other that has started.
    func select(_ scope: CompiledScope, others: [CompiledScope]) -> String {
        let elsewhere = others.map { "(\($0.sourcePredicate))" } + ["false"]
        return """
            SELECT \(statements.sourceKeyList.joined(separator: ", ")) FROM \(statements.sourceTable)
            WHERE (\(scope.sourcePredicate)) AND (\(elsewhere.joined(separator: " OR "))) IS NOT TRUE
            """
    }

    /// Those of some keys whose rows are in another scope that has started.
    func select(_ keys: [[String]], in others: [CompiledScope]) -> String {
        """
        SELECT \(statements.sourceKeyText) FROM \(statements.sourceTable)
        WHERE \(KeyRange.isAmong(statements.sourceKeyList, keys))
            AND (\(others.map { "(\($0.sourcePredicate))" }.joined(separator: " OR ")))
        """
    }

    /// The stage and its key columns, as `CopyPipe` takes them.
    var stageTable: String { "\(statements.stage) (\(keyColumns.joined(separator: ", ")))" }

    /// The manifest's keys that are not in the stage: rows that have gone, or have left the wave.
    var unstaged: String {
        """
        SELECT DISTINCT k FROM tidegate.manifest CROSS JOIN unnest(keys) AS u (k)
        WHERE \(isOfWave) AND k::text[] NOT IN (SELECT \(statements.sourceKeyText) FROM \(statements.rawStage))
        """
    }

    /// Puts keys into the stage, given as array literals in `$1`.
    var stageKeys: String {
        let typed = entity.sourceKey.enumerated().map { place, column in
            "(k::text[])[\(place + 1)]::\(statements.stageType(column))"
        }
        return "INSERT INTO \(stageTable) SELECT \(typed.joined(separator: ", ")) FROM unnest($1::text[]) AS u (k)"
    }

    /// Puts the keys of all rows of the target into the stage: where no other wave has rows, and nobody can say more.
    var stageAll: String {
        let columns = statements.targetKeyList.map { "_target.\($0)" }
        return
            "INSERT INTO \(stageTable) SELECT \(columns.joined(separator: ", ")) FROM \(entity.target.quoted) AS _target"
    }

    // MARK: What becomes of the rows

    private var fates: String { "pg_temp.\(quotedIdentifier("fate_\(entity.name)"))" }

    /// Decides, for each row of the target whose key is in the stage, what becomes of it.
    func decide(_ policy: WrittenRowsPolicy) -> String {
        let ofOthers =
            switch policy {
            case .refuse: "'refused'"
            case .keep: "'kept'"
            case .delete: "CASE WHEN row.before = 'application' THEN 'restored' ELSE 'deleted' END"
            }
        return """
            CREATE TEMPORARY TABLE \(fates) ON COMMIT DROP AS
            SELECT row.*, CASE WHEN row.before = 'tidegate' THEN 'kept' WHEN row.writer = 'others' THEN \(ofOthers)
                WHEN row.before = 'application' THEN 'restored' ELSE 'deleted' END AS fate
            FROM (
                SELECT DISTINCT ON (_target.ctid) _target.ctid AS place, i.writer AS before, i.image,
                    CASE WHEN _target.xmin IN (SELECT m.xmin FROM tidegate.manifest AS m WHERE \(isOfWave)) THEN 'load'
                        WHEN _target.xmin IN (SELECT a.xmin FROM tidegate.applied_transaction AS a) THEN 'stream'
                        ELSE 'others' END AS writer
                FROM \(statements.correctedStage)
                JOIN \(entity.target.quoted) AS _target ON \(statements.stageKeyEquality())
                LEFT JOIN tidegate.manifest_image AS i ON i.entity_id = \(id) AND i.wave = \(quotedLiteral(wave.rawValue))
                    AND i.action = 'overwritten' AND i.key = \(statements.targetKeyText())) AS row
            """
    }

    /// Counts what was decided, by fate and by who wrote the row last.
    var count: String { "SELECT fate, writer, count(*) AS rows FROM \(fates) GROUP BY fate, writer" }

    /// Deletes the rows that go.
    var delete: String {
        """
        DELETE FROM \(entity.target.quoted) AS _target USING \(fates) AS f
        WHERE _target.ctid = f.place AND f.fate IN ('deleted', 'restored')
        """
    }

    /// Puts back what was somebody else's before the wave overwrote or deleted it, unless the key is there again.
    var restore: String {
        let columns = statements.insertableColumns.map { "(r.row).\(quotedIdentifier($0))" }
        let names = statements.insertableColumns.map(quotedIdentifier).joined(separator: ", ")
        return """
            INSERT INTO \(entity.target.quoted) (\(names)) OVERRIDING SYSTEM VALUE
            SELECT \(columns.joined(separator: ", "))
            FROM (
                SELECT jsonb_populate_record(NULL::\(entity.target.quoted), image) AS row FROM (
                    SELECT image FROM \(fates) WHERE fate = 'restored'
                    UNION ALL
                    SELECT image FROM tidegate.manifest_image
                    WHERE \(isOfWave) AND action = 'deleted' AND writer = 'application') AS images OFFSET 0) AS r
            ON CONFLICT DO NOTHING
            """
    }

    // MARK: The ledger

    /// Gives up what was set aside of the wave's load, and events of its rows that are parked.
    var discard: String {
        """
        UPDATE tidegate.quarantine SET state = 'discarded', resolved_at = clock_timestamp()
        WHERE entity_id = \(id) AND state IN ('parked', 'retrying') AND (
            topic = \(quotedLiteral("baseline/\(wave)"))
            OR key IN (SELECT \(statements.sourceKeyText) FROM \(statements.rawStage)))
        """
    }
}
