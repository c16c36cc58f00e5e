import LibPQ

/// What the ledger says about the events: every one of them has ended somewhere.
struct Accounting: Equatable {
    var consumed = 0
    var applied = 0
    var superseded = 0
    var skipped = 0
    var quarantined = 0

    /// Reads the sums from the target's ledger.
    init(_ target: Connection) throws {
        let row = try target.execute(
            """
            SELECT sum(consumed)::bigint, sum(applied)::bigint, sum(superseded)::bigint, sum(skipped)::bigint,
                sum(quarantined)::bigint FROM tidegate.checkpoint
            """)
        let sums = (0..<5).map { row[0, $0].flatMap(Int.init) ?? 0 }
        (consumed, applied, superseded, skipped, quarantined) = (sums[0], sums[1], sums[2], sums[3], sums[4])
    }

    var isComplete: Bool { consumed == applied + superseded + skipped + quarantined }
}
