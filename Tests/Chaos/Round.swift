import Demo
import Foundation
import LibPQ
import RDKafka
import Sandbox
import Synchronization
import TestSupport

/// One round: a migration under a write load, with faults, and what is left of it.
struct Round {
    /// How it ended.
    struct Outcome {
        /// What is wrong; empty when all is well.
        var problems: [String] = []
        /// Events that went through the topics.
        var events = 0
        /// Transactions that the writers committed.
        var transactions = 0
        var took = Duration.zero
        /// Steps that this machine cannot make.
        var leftOut: [Fault] = []
    }

    private static let customers = 300

    let schedule: Schedule
    let clusters: Clusters
    let folder: String

    /// Runs it. Everything that it started has ended afterwards.
    func run() throws -> Outcome {
        var outcome = Outcome()
        let steps = schedule.steps.filter { Self.isPossible($0.fault) }
        outcome.leftOut = schedule.steps.map(\.fault).filter { !Self.isPossible($0) }
        let faults = Set(steps.map(\.fault))
        let place = try Place(
            clusters, folder: folder, customers: Self.customers, withDisk: faults.contains(.diskFull))
        let clock =
            faults.contains(.clock)
            ? try FakeClock(library: TidegateExecutable.path(of: "libFakeClock.so"), folder: folder) : nil
        let begin = ContinuousClock.now
        let crew = Crew(place, clock: clock, loads: schedule.loads.map { begin + .milliseconds($0) })
        let injector = Injector(place, crew, clock: clock)
        do {
            outcome.transactions = try act(steps, place, crew, injector, begin)
            let verdict = Verdict(place)
            outcome.problems += try verdict.differences() + verdict.sums()
            outcome.events = try verdict.consumed()
            try crew.endAll()
        } catch {
            outcome.problems.append("\(error)")
            try? injector.endAll()
            for run in crew.runs {
                run.crash()
            }
        }
        outcome.problems += crew.complaints
        outcome.problems += Verdict.unexplained(
            crew.runs.map { ($0.command, $0.log) }, steps.map(\.fault))
        outcome.took = .now - begin
        try place.close()
        return outcome
    }

    /// Writes, moves, breaks and mends, until everything has arrived. Returns the transactions that were written.
    private func act(
        _ steps: [Schedule.Step], _ place: Place, _ crew: Crew, _ injector: Injector, _ begin: ContinuousClock.Instant
    ) throws -> Int {
        try crew.start(.capture)
        for member in Crew.Member.syncs { try crew.start(member) }
        let random = Mutex(SeededGenerator(seed: schedule.seed))
        let load = try WriteLoad(
            clusters.source.connectionString(database: "shop"), writers: 3, transactionsPerSecond: 100, reconnects: true
        ) { random.withLock { WriteAction.random(using: &$0) }.sql(orders: "true") }
        let moments = steps.enumerated().flatMap { number, step in
            [(step.begins, { try injector.begin(number, step) }), (step.ends, { try injector.end(number) })]
        }
        do {
            for (at, action) in moments.sorted(by: { $0.0 < $1.0 }) {
                while ContinuousClock.now < begin + .milliseconds(at) { try lookAfter(crew) }
                try action()
            }
            try wait("the loads", .seconds(300), crew) { crew.isLoaded }
        } catch {
            _ = try? load.stop()
            throw error
        }
        let tally = try load.stop()
        try Drain(
            from: place.connectToSource(), to: place.connectToTarget(), topics: Place.topics,
            broker: place.broker.bootstrapServers, limit: .seconds(300)
        ).wait { try lookAfter(crew) }
        return tally.committed
    }

    private func lookAfter(_ crew: Crew) throws {
        try crew.look()
        Thread.sleep(forTimeInterval: 0.01)
    }

    private func wait(_ what: String, _ limit: Duration, _ crew: Crew, _ test: () -> Bool) throws {
        let deadline = ContinuousClock.now + limit
        while !test() {
            try lookAfter(crew)
            guard ContinuousClock.now < deadline else { throw WaitedInVain("waited in vain for \(what)") }
        }
    }

    /// Whether this machine and this account can do it.
    static func isPossible(_ fault: Fault) -> Bool {
        switch fault {
        case .diskFull: SmallDisk.isPossible
        default: true
        }
    }
}
