import Baseline
import Foundation
import Ledger
import Model

/// What `tidegate load --again` says that it would do.
enum AgainReport {
    static func text(_ plans: [AgainPlan]) -> String {
        var lines: [String] = []
        for plan in plans {
            let waves = plan.waves.map(\.rawValue).joined(separator: ", ")
            lines.append("\(plan.entity): its rows of \(waves) would be read from the source again, and rows that are")
            lines.append("  gone there removed from the target; what the target owns stays")
            for move in plan.moves {
                let places = "at \(move.to) instead of \(move.from ?? 0)"
                lines.append("  \(move.partition) would go on \(places): \(move.reason)")
            }
            if plan.parked > 0 {
                lines.append("  \(plan.parked) parked events would be given up: what is read from the source is newer")
            }
        }
        lines.append("Nothing was changed. Run it with --yes, beside a running sync, to do it.")
        return lines.joined(separator: "\n")
    }

    static func json(_ plans: [AgainPlan]) throws -> String {
        try JSONOutput.pretty(plans.map(Entry.init))
    }

    private struct Entry: Encodable {
        struct Move: Encodable {
            let partition: String
            let from: Int64?
            let to: Int64
            let reason: String
        }

        let entity: String
        let waves: [String]
        let moves: [Move]
        let parkedEvents: Int

        init(_ plan: AgainPlan) {
            entity = plan.entity.rawValue
            waves = plan.waves.map(\.rawValue)
            moves = plan.moves.map {
                Move(partition: "\($0.partition)", from: $0.from, to: $0.to, reason: $0.reason)
            }
            parkedEvents = plan.parked
        }
    }
}
