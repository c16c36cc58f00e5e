internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

extension EntityApplier {
    /// Takes out the images that have a known defect for which the playbook sets rows aside, and counts those, and the
    /// ones whose defects are corrected as they are written.
    ///
    /// Whether an image has a defect that leaves a column out that the defect looks at cannot be told: that column has not
    /// changed.
    func intake(of batch: EntityBatch, _ outcome: inout StageOutcome) throws {
        guard !entity.quarantines.isEmpty || statements.hasCorrections else { return }
        try flush()
        let masks = staged.masks.sorted().map { (mask: $0, present: batch.shapes.shapes[Int($0)].present) }
        try setDefectsAside(masks, &outcome)
        guard let count = filter.countCorrected(scopes.started, masks: masks) else { return }
        for row in try connection.query(count).rows {
            guard let defect = row[0], let events = row[2].flatMap(Int.init) else { continue }
            outcome.defects[FoundDefect(defect, wave: wave(row[1]), action: .set), default: 0] += events
        }
    }

    private func setDefectsAside(
        _ masks: [(mask: Int32, present: ColumnSet)], _ outcome: inout StageOutcome
    ) throws {
        for defect in entity.quarantines {
            for (mask, present) in masks where defect.dependencies.isSubset(of: present) {
                let taken = try connection.query(filter.take(defect, scopes.started), [.int(mask)])
                for row in taken.rows {
                    guard let image = row[0].flatMap({ Int($0) }) else { continue }
                    outcome.refused.append((image, DefectFound(defect: defect.defect)))
                    let found = FoundDefect(defect.defect, wave: wave(row[1]), action: .quarantine)
                    outcome.defects[found, default: 0] += 1
                }
            }
        }
    }

    private func wave(_ name: String?) -> WaveName? { name.flatMap { $0.isEmpty ? nil : WaveName(rawValue: $0) } }
}
