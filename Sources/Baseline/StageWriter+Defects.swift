import Ledger
import LibPQ
import Model
import Playbook

extension StageWriter {
    /// Takes the rows out of the stage that have a known defect for which the playbook sets rows aside.
    func setDefectsAside() throws -> [FoundDefect: Int] {
        var found: [FoundDefect: Int] = [:]
        for defect in entity.entity.quarantines where defect.dependencies.isSubset(of: columns) {
            let aside = try quarantine(
                "(\(defect.predicate))", reason: defect.defect, sqlState: nil,
                message: "a known defect that the playbook sets aside")
            try connection.query("DELETE FROM \(statements.rawStage) WHERE (\(defect.predicate))")
            found[FoundDefect(defect.defect, wave: entity.wave, action: .quarantine), default: 0] += aside
        }
        return found
    }

    /// The rows of the stage, which are written, that known defects correct.
    func corrected() throws -> [FoundDefect: Int] {
        let wave = quotedLiteral(entity.wave.rawValue)
        guard let count = statements.countCorrections(wave: wave, images: { $0.isSubset(of: columns) ? "true" : nil })
        else { return [:] }
        var found: [FoundDefect: Int] = [:]
        for row in try connection.query(count).rows {
            guard let defect = row[0], let rows = row[2].flatMap(Int.init) else { continue }
            found[FoundDefect(defect, wave: entity.wave, action: .set)] = rows
        }
        return found
    }

    private var columns: ColumnSet { present ?? entity.entity.allColumns }
}
