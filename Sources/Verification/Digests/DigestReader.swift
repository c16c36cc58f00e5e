import Baseline
import Ledger
import LibPQ
import Model
import Playbook

/// Reads digests of ranges, and from those that differ the keys that may.
///
/// It looks at nothing but the two tables: what lanes and loads have noted about their own work has no part in it.
struct DigestReader {
    let entity: ComparedEntity
    let sessions: SideSessions
    /// Whether the mapping is put to the source's own rows.
    let isOnSource: Bool

    /// A range with more rows is cut again before its keys are listed.
    private static let mostListed = 10_000
    private static let parts = 16

    /// What both sides have of a range.
    struct Pair {
        var source: Certificate.Digest
        var target: Certificate.Digest
        var snapshot: TransactionSnapshot
        var position: LSN?
        var isEqual: Bool { source == target }
    }

    /// Reads both sides, and the keys of the rows that differ.
    func read(_ range: KeyRange) throws -> (pair: Pair, suspects: [[String]]) {
        guard isOnSource else { return try readStaged(range) }
        let pair = try sessions.readingSource { snapshot, position in
            let digests = try digests(range)
            return Pair(source: digests.source, target: digests.target, snapshot: snapshot, position: position)
        }
        if pair.isEqual { return (pair, []) }
        guard entity.hasRanges else { return (pair, try readStaged(range).suspects) }
        return (pair, try suspects(range, rows: (pair.source.rows, pair.target.rows)))
    }

    private func digests(_ range: KeyRange) throws -> (source: Certificate.Digest, target: Certificate.Digest) {
        let answers = try sessions.both(entity.digest(.source, range), entity.digest(.target, range))
        return (Self.digest(answers.source), Self.digest(answers.target))
    }

    private static func digest(_ row: Result) -> Certificate.Digest {
        Certificate.Digest(rows: row[0, 0].flatMap { Int($0) } ?? 0, sums: [row[0, 1] ?? "", row[0, 2] ?? ""])
    }

    // MARK: Bisection

    private func suspects(_ range: KeyRange, rows: (source: Int, target: Int)) throws -> [[String]] {
        let most = max(rows.source, rows.target)
        guard most > Self.mostListed else { return try list(range) }
        let isSourceLarger = rows.source >= rows.target
        let reading: ComparedEntity.Reading = isSourceLarger ? .source : .target
        let connection = isSourceLarger ? sessions.source : sessions.target
        let found = try connection.query(entity.splits(reading, range, step: most / Self.parts + 1))
        let keys = found.rows.map { row in (0..<found.columnCount).map { row[$0] ?? "" } }
        guard !keys.isEmpty else { return try list(range) }
        var suspects: [[String]] = []
        let ends: [[String]?] = [range.low] + keys + [range.high]
        for (low, high) in zip(ends, ends.dropFirst()) {
            let part = KeyRange(low: low, high: high)
            let digests = try digests(part)
            if digests.source == digests.target { continue }
            suspects += try self.suspects(part, rows: (digests.source.rows, digests.target.rows))
        }
        return suspects
    }

    /// The keys whose rows differ, of a range with few.
    private func list(_ range: KeyRange) throws -> [[String]] {
        let answers = try sessions.both(entity.listing(.source, range), entity.listing(.target, range))
        let (here, there) = (Self.hashes(answers.source), Self.hashes(answers.target))
        var keys = here.filter { there[$0.key] != $0.value }.map(\.key)
        keys += there.keys.filter { here[$0] == nil }
        return keys.compactMap { PostgresArray.key($0) }
    }

    private static func hashes(_ result: Result) -> [String: String] {
        var hashes: [String: String] = [:]
        hashes.reserveCapacity(result.rowCount)
        for row in 0..<result.rowCount { hashes[result[row, 0] ?? ""] = result[row, 1] ?? "" }
        return hashes
    }

    // MARK: Rows that the target maps

    /// Brings the source's rows of a range to the target, where the mapping is put to them.
    private func readStaged(_ range: KeyRange) throws -> (pair: Pair, suspects: [[String]]) {
        try sessions.target.execute(entity.statements.createStage)
        return try sessions.target.transaction {
            let (snapshot, position) = try sessions.readingSource { snapshot, position in
                _ = try CopyPipe.copy(
                    entity.stagedRows(range), on: sessions.source, into: entity.stageTable, on: sessions.target)
                return (snapshot, position)
            }
            try entity.judgeStage(on: sessions.target)
            let pair = Pair(
                source: Self.digest(try sessions.target.query(entity.digest(.stage, range))),
                target: Self.digest(try sessions.target.query(entity.digest(.target, range))),
                snapshot: snapshot, position: position)
            if pair.isEqual { return (pair, []) }
            let found = try sessions.target.query(entity.differing(range))
            return (pair, found.rows.compactMap { PostgresArray.key($0[0]) })
        }
    }
}
