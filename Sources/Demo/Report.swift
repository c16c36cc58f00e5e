/// What the demonstration found, as text.
struct Report {
    /// What came of both systems being live.
    struct Coexistence {
        /// What was written on either side.
        let shop: WriteLoad.Tally
        let crm: WriteLoad.Tally
        /// Writes that were tried on the wrong side, and how many of them a guard refused.
        let attempts: Int
        let refused: Int
        /// Of the reverse flow.
        let reverse: Accounting
    }

    let outcomes: [Comparison.Outcome]
    let accounting: Accounting
    /// Sorted.
    let lag: [Duration]
    let waves: [(name: String, took: Duration)]
    let streaming: Duration
    let drain: Duration
    let tally: WriteLoad.Tally
    let coexistence: Coexistence

    var isIdentical: Bool {
        outcomes.allSatisfy(\.isIdentical) && coexistence.refused == coexistence.attempts
            && [accounting, coexistence.reverse].allSatisfy { $0.isComplete && $0.quarantined == 0 }
    }

    var text: String {
        let rows = outcomes.reduce(0) { $0 + $1.rows }
        let rate = Double(accounting.consumed) / max(streaming.inSeconds, 0.001)
        var lines = [
            "rows compared     \(rows) in \(outcomes.count) tables",
            "writes            \(tally.committed) transactions while moving, \(tally.refused) rolled back",
            "loaded            " + waves.map { "\($0.name) in \(Self.text($0.took))" }.joined(separator: ", "),
            "events            \(accounting.consumed) consumed, \(Int(rate)) a second",
            "                  = \(accounting.text)",
            "lag               p50 \(percentile(0.5)), p99 \(percentile(0.99)), worst \(percentile(1))"
                + " (commit to visible, \(lag.count) probes)",
            "drain             \(Self.text(drain)) from the last write until both sides were equal",
            "both live         \(coexistence.shop.committed) transactions in the shop, \(coexistence.crm.committed) in the CRM;"
                + " \(coexistence.refused) of \(coexistence.attempts) wrong-side writes refused",
            "flowed back       \(coexistence.reverse.consumed) events = \(coexistence.reverse.text)",
            "                  echoes, known and not applied again: \(coexistence.reverse.echoes) back,"
                + " \(accounting.echoes) forward",
        ]
        for outcome in outcomes where !outcome.isIdentical {
            lines.append(
                "\(outcome.table): \(outcome.missing) missing, \(outcome.unexpected) unexpected,"
                    + " \(outcome.different) different")
            lines += outcome.examples.map { "    " + $0 }
        }
        for accounting in [accounting, coexistence.reverse] {
            if !accounting.isComplete { lines.append("the events do not add up") }
            if accounting.quarantined > 0 { lines.append("\(accounting.quarantined) events are in quarantine") }
        }
        lines.append(isIdentical ? "source and target are identical" : "source and target DIFFER")
        return lines.joined(separator: "\n")
    }

    private func percentile(_ share: Double) -> String {
        guard !lag.isEmpty else { return "-" }
        return Self.text(lag[min(lag.count - 1, Int(share * Double(lag.count)))])
    }

    private static func text(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
        return "\((seconds * 10).rounded() / 10) s"
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
