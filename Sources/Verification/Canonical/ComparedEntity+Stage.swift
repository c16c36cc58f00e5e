import Ledger
import LibPQ
import Model
import Playbook

/// The source's rows in the stage, to which the mapping is put as in a load.
extension ComparedEntity {
    /// The stage with the columns that `stagedRows` fills. `_xid` has the row's version, `_seq` whether it must be in the
    /// target (2), may be (1), or is in no scope (0).
    var stageTable: String { "\(statements.stage) (\(statements.sourceSelectList), \"_xid\", \"_seq\")" }

    private var stagedColumns: String {
        let inLive = inScope(live) ?? "true"
        let inStarted = inScope(started) ?? "true"
        return """
            \(statements.sourceSelectList), \(statements.alias).xmin::text::bigint, \
            CASE WHEN \(inLive) THEN 2 WHEN \(inStarted) THEN 1 ELSE 0 END
            """
    }

    /// The source's rows of a range that are compared.
    func stagedRows(_ range: KeyRange) -> String {
        let inStarted = inScope(started).map { " AND (\($0))" } ?? ""
        return """
            SELECT \(stagedColumns) FROM \(statements.sourceTable) \
            WHERE \(range.holds(statements.sourceKeyList))\(inStarted)
            """
    }

    /// The source's rows of some target keys, whatever their scope. Where a target key does not tell the source's, all rows:
    /// the stage is then to be asked for the keys.
    func stagedRows(keys: [[String]]) -> String {
        let condition = hasPlainKey ? KeyRange.isAmong(statements.sourceKeyList, keys) : "true"
        return "SELECT \(stagedColumns) FROM \(statements.sourceTable) WHERE \(condition)"
    }

    /// Finds out whose the staged rows are and which have a defect for which they are set aside (`_op` d), as a load and a
    /// lane do.
    func judgeStage(on connection: Connection) throws {
        for defect in entity.quarantines {
            try connection.query("UPDATE \(statements.rawStage) SET \"_op\" = 'd' WHERE (\(defect.predicate))")
        }
        guard !ownership.predicates.isEmpty else { return }
        try connection.query(statements.judgeImages(ownership, present: entity.allColumns), [.int(0)])
    }
}
