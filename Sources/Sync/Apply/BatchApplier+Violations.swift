internal import ChangeEvents
import Foundation
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

extension BatchApplier {
    /// As many of one batch are audited one by one; of the others a line tells how many there are. A whole application that
    /// goes on writing would fill the trail, at which all lanes wait for each other.
    private static let mostViolations = 100

    /// Counts what was not written because the other side owns it, and audits the events that changed it nevertheless;
    /// and counts known defects.
    ///
    /// - Parameters:
    ///   - rows: the events of an entity.
    ///   - partition: the partition that a place of the batch is.
    func note(
        _ outcome: ApplyOutcome, rows: (Int) -> EntityBatch, partition: (Int) -> Model.TopicPartition?
    ) throws {
        for (index, counts) in outcome.suppressed.sorted(by: { $0.key < $1.key }) {
            let applier = entities[index]
            try connection.query(
                Ownership.count.sql,
                Ownership.countParameters(applier.id, epoch: applier.ownership.epoch, counts))
        }
        for (index, found) in outcome.violations.sorted(by: { $0.key < $1.key }) {
            let applier = entities[index]
            var lines = found.prefix(Self.mostViolations).map { line($0, applier, rows(index), partition) }
            if found.count > lines.count {
                let more = ["more": "\(found.count - lines.count)", "side": applier.entity.flow.from.rawValue]
                lines.append(Audit.Line(subject: "entity \(applier.entity.name)", detail: more, correlation: nil))
            }
            try Audit(on: connection).record(.violation, lines)
        }
        let counts = DefectCounts(on: connection)
        for (index, found) in outcome.defects.sorted(by: { $0.key < $1.key }) {
            try counts.add(found, of: entities[index].id, from: .stream)
        }
    }

    private func line(
        _ violation: Violation, _ applier: EntityApplier, _ rows: EntityBatch,
        _ partition: (Int) -> Model.TopicPartition?
    ) -> Audit.Line {
        let entity = applier.entity
        let header = rows.rows.header(violation.row)
        // A key that is computed, or masked, is not for everybody to read.
        let isPlain = entity.fields.allSatisfy { !$0.isKey || $0.sourceColumn != nil }
        let key = isPlain ? rows.key(of: violation.row).joined(separator: ", ") : "computed"
        let place = partition(Int(header.partitionIndex))
        return Audit.Line(
            subject: "entity \(entity.name), key (\(key))",
            detail: [
                "fields": violation.fields.joined(separator: ", "), "side": entity.flow.from.rawValue,
                "transaction": header.transaction.map(String.init) ?? "unknown",
                "position": header.position?.description ?? "unknown",
                "written": Self.time(header.sourceMillis),
                "epoch": "\(applier.ownership.epoch)",
            ], correlation: place.map { "\($0)@\(header.offset)" })
    }

    /// Milliseconds since 1970 in ISO 8601.
    private static func time(_ millis: Int64) -> String {
        let seconds = Date(timeIntervalSince1970: TimeInterval(millis / 1000)).ISO8601Format().dropLast()
        return "\(seconds).\(String(millis % 1000 + 1000).suffix(3))Z"
    }
}
