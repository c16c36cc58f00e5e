import Demo
import LibPQ
import RDKafka

/// What a round must have kept: rows, sums, and words.
struct Verdict {
    private let place: Place

    init(_ place: Place) { self.place = place }

    /// Differences between the two sides.
    func differences() throws -> [String] {
        try Comparison.run(source: place.connectToSource(), target: place.connectToTarget()).filter { !$0.isIdentical }
            .map {
                """
                \($0.table): of \($0.rows) rows \($0.missing) missing, \($0.unexpected) unexpected, \($0.different) \
                different: \($0.examples.joined(separator: "; "))
                """
            }
    }

    /// Partitions whose events are not all accounted for, against the broker's log ends; and what is not settled.
    func sums() throws -> [String] {
        let target = try place.connectToTarget()
        var wrong: [String] = []
        var known: Set<TopicPartition> = []
        let ends = try place.logEnds()
        let rows = try target.execute(
            """
            SELECT topic, partition, next_offset, consumed, applied, superseded, skipped, quarantined,
                (SELECT coalesce(sum(events), 0) FROM tidegate.skip_count s
                 WHERE (s.flow, s.topic, s.partition) = (c.flow, c.topic, c.partition)) AS by_reason
            FROM tidegate.checkpoint c
            """
        ).rows
        for row in rows {
            let partition = TopicPartition(row["topic"] ?? "", Int32(row.int("partition") ?? -1))
            known.insert(partition)
            let numbers = (2..<9).map { row[$0].flatMap(Int64.init) ?? 0 }
            let (next, consumed, skipped, byReason) = (numbers[0], numbers[1], numbers[4], numbers[6])
            let isRight =
                consumed == numbers[2...5].reduce(0, +) && skipped == byReason && consumed == next
                && next == ends[partition]
            guard !isRight else { continue }
            wrong.append(
                """
                \(partition): log end \(ends[partition] ?? -1), next offset \(next), consumed \(consumed), applied \
                \(numbers[2]), superseded \(numbers[3]), skipped \(skipped), by reason \(byReason), quarantined \(numbers[5])
                """)
        }
        for (partition, end) in ends where end > 0 && !known.contains(partition) {
            wrong.append("\(partition): log end \(end), no checkpoint")
        }
        for (what, query) in [
            ("events in quarantine", "SELECT count(*) FROM tidegate.quarantine"),
            ("scopes that are not live", "SELECT count(*) FROM tidegate.scope WHERE state <> 'live'"),
        ] {
            let count = try target.execute(query).scalar ?? "?"
            if count != "0" { wrong.append("\(what): \(count)") }
        }
        return wrong
    }

    /// Events that were consumed.
    func consumed() throws -> Int {
        Int(try place.connectToTarget().execute("SELECT sum(consumed) FROM tidegate.checkpoint").scalar ?? "") ?? 0
    }

    /// Lines above info, and words outside the log, that none of the faults explains.
    static func unexplained(_ runs: [(name: String, log: String)], _ faults: [Fault]) -> [String] {
        let explanations = Explanations(faults)
        return runs.flatMap { run in
            run.log.split(separator: "\n").compactMap { text -> String? in
                // The progress of a load.
                if run.name == "load", text.hasPrefix("{") { return nil }
                let line = LogLine(text)
                guard line.needsReason, !explanations.explain(line) else { return nil }
                return "\(run.name) says without a reason: \(text)"
            }
        }
    }
}
