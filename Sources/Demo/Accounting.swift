import LibPQ

/// What the ledger says about the events: every one of them has ended somewhere.
struct Accounting: Equatable {
    var consumed = 0
    var applied = 0
    var superseded = 0
    var skipped = 0
    var quarantined = 0
    /// Of the skipped, what the opposite flow had made.
    var echoes = 0

    /// Reads the sums from a flow's ledger.
    init(_ ledger: Connection) throws {
        let row = try ledger.execute(
            """
            SELECT sum(consumed)::bigint, sum(applied)::bigint, sum(superseded)::bigint, sum(skipped)::bigint,
                sum(quarantined)::bigint,
                (SELECT sum(events) FROM tidegate.skip_count WHERE reason = 'echo')::bigint
            FROM tidegate.checkpoint
            """)
        let sums = (0..<6).map { row[0, $0].flatMap(Int.init) ?? 0 }
        (consumed, applied, superseded, skipped, quarantined) = (sums[0], sums[1], sums[2], sums[3], sums[4])
        echoes = sums[5]
    }

    var text: String {
        "\(applied) applied + \(superseded) superseded + \(skipped) skipped + \(quarantined) quarantined"
    }

    var isComplete: Bool { consumed == applied + superseded + skipped + quarantined }
}
