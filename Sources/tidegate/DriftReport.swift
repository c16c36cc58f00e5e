import Ledger

/// How the source differs from the contracts in force, and what may be done about it.
struct DriftReport {
    let drifts: [Contracts.Drift]

    init(_ drifts: [Contracts.Drift]) { self.drifts = drifts }

    /// A line for each difference.
    var table: String {
        var columns = TextColumns(["entity", "change", "reaction", "since", "seen in"], numeric: [3])
        for drift in drifts {
            columns.add([
                drift.entity, drift.change, drift.reaction, "\(Int(drift.secondsSince)) s", drift.seenIn,
            ])
        }
        return columns.text
    }

    /// The differences with their proposals.
    var text: String {
        guard !drifts.isEmpty else { return "the source keeps to its contracts, as far as has been seen\n" }
        return drifts.map { drift in
            var lines = [
                "\(drift.entity): \(drift.change) (\(drift.reaction), \(Int(drift.secondsSince)) s, \(drift.seenIn))"
            ]
            if !drift.statements.isEmpty { lines += ["  in the target:"] + drift.statements.map { "    \($0)" } }
            if !drift.playbook.isEmpty { lines += ["  in the playbook:"] + drift.playbook.map { "    \($0)" } }
            return lines.joined(separator: "\n") + "\n"
        }.joined()
            + "then: tidegate playbook activate FILE, with --accept-contract for a playbook that stays as it is\n"
    }
}
