import LibPQ
import Testing

extension Site {
    /// The rows of a table on both sides, in key order, as text.
    private func rows(_ side: ConnectionString, _ table: String) throws -> [String] {
        let key = table == "accounts" ? "id" : "account_id, line"
        return try connect(side).execute("SELECT ROW(t.*)::text FROM \(table) t ORDER BY \(key)").rows.map {
            $0[0] ?? ""
        }
    }

    /// Expects both sides to hold the same rows, and some of them.
    func expectIdentical() throws {
        for table in ["accounts", "items"] {
            let ours = try rows(source, table)
            let theirs = try rows(target, table)
            #expect(!ours.isEmpty)
            guard ours != theirs else { continue }
            let missing = Set(ours).subtracting(theirs).sorted().prefix(5).map { $0.prefix(80) }
            let unexpected = Set(theirs).subtracting(ours).sorted().prefix(5).map { $0.prefix(80) }
            Issue.record(
                "\(table): \(ours.count) and \(theirs.count) rows; only here \(missing), only there \(unexpected)")
        }
    }

    /// Expects that every event of every partition is accounted for exactly once, and that none is in quarantine.
    func expectAccountedFor() throws {
        let target = try connect(target)
        let wrong = try target.execute(
            """
            SELECT c.topic, c.partition, c.consumed, c.next_offset, c.applied, c.superseded, c.skipped, c.quarantined,
                (SELECT coalesce(sum(events), 0) FROM tidegate.skip_count s
                 WHERE (s.flow, s.topic, s.partition) = (c.flow, c.topic, c.partition)) AS by_reason
            FROM tidegate.checkpoint c
            WHERE consumed <> applied + superseded + skipped + quarantined OR consumed <> coalesce(next_offset, 0)
                OR skipped <> (SELECT coalesce(sum(events), 0) FROM tidegate.skip_count s
                    WHERE (s.flow, s.topic, s.partition) = (c.flow, c.topic, c.partition))
            """
        ).rows.map { row in (0..<9).map { row[$0] ?? "-" }.joined(separator: " ") }
        #expect(
            wrong.isEmpty,
            "topic, partition, consumed, next offset, applied, superseded, skipped, quarantined, by reason")
        #expect(try target.execute("SELECT count(*) FROM tidegate.quarantine").scalar == "0")
        let consumed = try target.execute("SELECT sum(consumed) FROM tidegate.checkpoint").scalar
        #expect(consumed == String(try logEnds().values.reduce(0, +)))
    }

    /// Events skipped for a reason.
    func skipped(_ reason: String) throws -> Int {
        let result = try connect(target).query(
            "SELECT coalesce(sum(events), 0) FROM tidegate.skip_count WHERE reason = $1", [.text(reason)])
        return Int(result.scalar ?? "") ?? -1
    }
}
