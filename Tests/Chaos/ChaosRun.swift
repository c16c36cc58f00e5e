import Foundation

/// Rounds of faults, one after the other, with their verdicts.
public struct ChaosRun {
    /// The seed; printed, so that a failure can be repeated.
    public var seed: UInt64
    /// The numbers of the rounds.
    public var rounds: ClosedRange<Int>
    /// No round begins after so long.
    public var limit: Duration?
    /// What may go wrong.
    public var faults: [Fault]
    private let say: (String) -> Void

    /// Rounds that tell what they do to `say`.
    public init(
        seed: UInt64, rounds: ClosedRange<Int>, limit: Duration? = nil, faults: [Fault] = Fault.allCases,
        say: @escaping (String) -> Void
    ) {
        self.seed = seed
        self.rounds = rounds
        self.limit = limit
        self.faults = faults
        self.say = say
    }

    /// Runs them. A round that fails does not keep the next from running; its logs are kept.
    ///
    /// - Returns: whether all went well.
    /// - Throws: when a round could not be prepared.
    public func run() throws -> Bool {
        let clusters = try Clusters()
        let begin = ContinuousClock.now
        var failed: [Int] = []
        var events = 0
        var done = 0
        var seen: [Fault: Int] = [:]
        say("seed \(seed)")
        for number in rounds {
            if let limit, .now - begin > limit { break }
            let schedule = Schedule(seed: seed, round: number, faults: faults)
            let folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("tidegate-chaos.\(UUID().uuidString)").path
            let outcome = try Round(schedule: schedule, clusters: clusters, folder: folder).run()
            done += 1
            events += outcome.events
            for step in schedule.steps where !outcome.leftOut.contains(step.fault) { seen[step.fault, default: 0] += 1 }
            if outcome.problems.isEmpty {
                try? FileManager.default.removeItem(atPath: folder)
            } else {
                failed.append(number)
            }
            say(text(number, schedule, outcome, folder))
        }
        let counts = seen.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        say(
            """
            \(done) rounds, \(done - failed.count) good, \(failed.count) failed\
            \(failed.isEmpty ? "" : " (\(failed.map(String.init).joined(separator: ", ")))"); \(events) events; \
            \(counts.joined(separator: ", "))
            """)
        return failed.isEmpty
    }

    private func text(_ number: Int, _ schedule: Schedule, _ outcome: Round.Outcome, _ folder: String) -> String {
        let steps = schedule.steps.map { step in
            outcome.leftOut.contains(step.fault)
                ? "\(step.fault.rawValue) left out" : "\(step.fault.rawValue) at \(Self.seconds(step.begins))"
        }
        let took = Int(outcome.took / .milliseconds(1))
        let head =
            "round \(number): \(outcome.problems.isEmpty ? "good" : "FAILED"), \(outcome.transactions) transactions, "
            + "\(outcome.events) events, \(Self.seconds(took)): \(steps.joined(separator: ", "))"
        guard !outcome.problems.isEmpty else { return head }
        let shown = outcome.problems.prefix(20).map { "    \($0)" }
        let chosen = faults == Fault.allCases ? "" : " --faults \(faults.map(\.rawValue).joined(separator: ","))"
        return
            ([head] + shown + ["    logs: \(folder)", "    again: ops/chaos --seed \(seed) --round \(number)\(chosen)"])
            .joined(separator: "\n")
    }

    private static func seconds(_ milliseconds: Int) -> String {
        "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}
