import Ledger
import LibPQ
import Model
import Playbook
import Sync

/// Compares suspect rows exactly, while both sides go on changing.
///
/// A round reads the keys on the source in a snapshot S, waits until the stream has passed it, and then reads them in the
/// target, in a state T. What T shows is then the source's state at S or later. So:
///
/// - **Equal** is a key whose row in T is the one that the source showed at S or afterwards, while it was waited; such
///   later looks are what proves keys that change all the time.
/// - **Drift** is a key that differs in T from the row at S, and whose row on the source is the same *version* in a later
///   snapshot S', taken when every transaction that was in progress after T had ended: between S and S' nobody changed it,
///   and no event that T could have shown is later than S', so T had to show the row of S.
/// - A key that is on the source neither at S nor at S', and in the target, may have been there in between. It is **drift** if
///   the target has the same version of the row once more after the stream has passed S': an insert that was undone before S'
///   would have been undone there too.
/// - What is neither within the limit is **unproven**.
///
/// It rests on what the hand-over rests on: the stream brings the changes of a key in the order of their commits, and a
/// writer of a row waits for the one before it until that one's commit is visible.
struct SuspectCheck {
    let entity: ComparedEntity
    let sessions: SideSessions
    let passage: StreamPassage
    /// How long the stream and the keys are waited for.
    let deadline: ContinuousClock.Instant
    let shouldStop: @Sendable () -> Bool

    /// What became of the keys.
    struct Outcome {
        var rows: [DriftedRow] = []
        var parked = 0
        /// What could not be waited for.
        var reason: String?
    }

    private static let keysAtOnce = 1000
    /// More keys are not read again and again while the stream is waited for.
    private static let mostWatched = 200
    /// How long transactions are waited for that may be in the stream already and not yet visible.
    private static let patience = Duration.seconds(10)

    /// A difference that is not proven yet.
    private struct Candidate {
        let source: SourceRow?
        let target: TargetRow?
        let verdict: RowVerdict
    }

    private var reader: SuspectReader { SuspectReader(entity: entity, sessions: sessions) }

    /// Compares keys.
    func run(_ keys: [[String]]) throws -> Outcome {
        var outcome = Outcome()
        for start in stride(from: 0, to: keys.count, by: Self.keysAtOnce) {
            try check(Array(keys[start..<min(start + Self.keysAtOnce, keys.count)]), &outcome)
        }
        return outcome
    }

    private func check(_ keys: [[String]], _ outcome: inout Outcome) throws {
        var open = keys
        var candidates: [[String]: Candidate] = [:]
        var proven: [[String]: RowVerdict] = [:]
        var sourceKeys: [[String]: String] = [:]
        while !open.isEmpty {
            if shouldStop() { throw VerificationError(.stopped, "stopped; running it again goes on from there") }
            let isSettled = try candidates.isEmpty || waitForTransactions()
            let (rows, seal) = try reader.source(open)
            for (key, row) in rows { sourceKeys[key] = row.sourceKey }
            if isSettled {
                for (key, candidate) in candidates {
                    guard let then = candidate.source, let now = rows[key], then.version == now.version else {
                        continue
                    }
                    proven[key] = candidate.verdict
                }
                open.removeAll { proven[$0] != nil }
            }
            guard !open.isEmpty else { break }
            var seen = rows.mapValues { [$0] as [SourceRow?] }
            for key in open where rows[key] == nil { seen[key] = [nil] }
            if let missing = try waitForStream(seal, open, &seen) {
                outcome.reason = missing
                break
            }
            let targetRows = try reader.target(open)
            try look(open, &seen)
            var next: [[String]: Candidate] = [:]
            for key in open {
                let (verdict, isDrift) = judge(
                    key, seen[key] ?? [nil], targetRows[key], isSettled ? candidates[key] : nil)
                switch verdict {
                case .equal, .setAside: proven[key] = verdict
                case _ where isDrift: proven[key] = verdict
                default: next[key] = Candidate(source: rows[key], target: targetRows[key], verdict: verdict)
                }
            }
            candidates = next
            open.removeAll { proven[$0] != nil }
            if ContinuousClock.now >= deadline {
                if !open.isEmpty { outcome.reason = "rows that change too often to be compared in time" }
                break
            }
        }
        try conclude(open, proven, sourceKeys, &outcome)
    }

    /// What a key's looks come to; and whether a difference is proven by them alone.
    private func judge(
        _ key: [String], _ seen: [SourceRow?], _ target: TargetRow?, _ before: Candidate?
    ) -> (verdict: RowVerdict, isDrift: Bool) {
        let comparison = RowComparison(entity: entity)
        for row in seen {
            let verdict = comparison.verdict(row, target)
            if verdict == .equal || verdict == .setAside { return (verdict, false) }
        }
        let verdict = comparison.verdict(seen[0], target)
        let wasAbsent = before.map { $0.source == nil } ?? false
        let isSameVersion = before?.target != nil && before?.target?.version == target?.version
        return (verdict, wasAbsent && seen[0] == nil && isSameVersion)
    }

    private func conclude(
        _ open: [[String]], _ proven: [[String]: RowVerdict], _ sourceKeys: [[String]: String], _ outcome: inout Outcome
    ) throws {
        let drifted = proven.filter { $0.value != .equal && $0.value != .setAside }.map(\.key)
        let parked = try reader.parked(drifted + open, sourceKeys: sourceKeys)
        outcome.parked += parked.count + proven.values.count { $0 == .setAside }
        for key in drifted where !parked.contains(key) {
            switch proven[key] {
            case .missing: outcome.rows.append(DriftedRow(key: key, kind: .missing))
            case .extra: outcome.rows.append(DriftedRow(key: key, kind: .extra))
            case .different(let fields): outcome.rows.append(DriftedRow(key: key, kind: .different, fields: fields))
            default: continue
            }
        }
        outcome.rows += open.filter { !parked.contains($0) }.map { DriftedRow(key: $0, kind: .unproven) }
    }

    // MARK: Waiting

    /// Waits until the stream has passed a position, looking at the keys meanwhile.
    ///
    /// - Returns: what is behind, when it takes too long.
    private func waitForStream(
        _ seal: Seal, _ keys: [[String]], _ seen: inout [[String]: [SourceRow?]]
    ) throws -> String? {
        var bounds: [TopicPartition: Int64]?
        while true {
            switch try look(past: seal, bounds) {
            case .passed: return nil
            case .bounded(let ends): bounds = ends
            case .behind(let what):
                if ContinuousClock.now >= deadline { return "the stream is behind: \(what)" }
                if shouldStop() { throw VerificationError(.stopped, "stopped; running it again goes on from there") }
                if keys.count <= Self.mostWatched { try look(keys, &seen) }
                try sessions.target.query("SELECT pg_sleep(0.002)")
            }
        }
    }

    /// Looks how far the stream has come. A broker that does not answer leaves rows unproven: it fails nothing.
    private func look(past seal: Seal, _ bounds: [TopicPartition: Int64]?) throws -> StreamPassage.Verdict {
        do {
            return try passage.look(past: seal, bounds: bounds, source: sessions.source, ledger: sessions.target)
        } catch {
            if error is PostgresError || error is LedgerError { throw error }
            return .behind("\(error)")
        }
    }

    /// Adds what the source has now.
    private func look(_ keys: [[String]], _ seen: inout [[String]: [SourceRow?]]) throws {
        let now = try reader.source(keys).rows
        for key in keys where seen[key]?.last??.version != now[key]?.version { seen[key]?.append(now[key]) }
    }

    /// Waits until all transactions in progress have ended.
    private func waitForTransactions() throws -> Bool {
        let transactions = SourceTransactions(on: sessions.source)
        var inProgress = try transactions.inProgress()
        let limit = min(deadline, ContinuousClock.now + Self.patience)
        while true {
            inProgress = try transactions.notEnded(of: inProgress)
            if inProgress.isEmpty { return true }
            if ContinuousClock.now >= limit { return false }
            try sessions.source.query("SELECT pg_sleep(0.002)")
        }
    }
}
