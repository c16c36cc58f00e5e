import Foundation
import TestSupport

#if canImport(Glibc)
import Glibc
#endif

/// The processes of a round, and who starts them again: what a service manager does in production.
final class Crew {
    /// A post that one process after the other fills.
    enum Member: Hashable {
        case capture
        case sync(Int)
        case load

        static let syncs: [Member] = [.sync(0), .sync(1)]
    }

    private let place: Place
    private let clock: FakeClock?
    private var posts: [Member: TidegateRun] = [:]
    /// When each process was started.
    private var begins: [Int32: ContinuousClock.Instant] = [:]
    /// The waves that are not loaded yet, and when each may begin.
    private var waves: [(name: String, at: ContinuousClock.Instant)]
    /// Every process there was, for what it has said.
    private(set) var runs: [TidegateRun] = []
    /// What ended as it should not have.
    private(set) var complaints: [String] = []

    init(_ place: Place, clock: FakeClock?, loads: [ContinuousClock.Instant]) {
        self.place = place
        self.clock = clock
        waves = Array(zip(["pilot", "eu", "rest"], loads))
    }

    /// Whether all waves are loaded.
    var isLoaded: Bool { waves.isEmpty }

    /// The process at a post, if there is one just now.
    subscript(member: Member) -> TidegateRun? { posts[member].flatMap { $0.isRunning ? $0 : nil } }

    /// Fills a post.
    func start(_ member: Member) throws {
        let words =
            switch member {
            case .capture: ["capture"]
            case .sync: ["sync"]
            case .load: ["load", waves[0].name, "--json"]
            }
        var environment = place.environment
        if let clock, member == .capture || member == .sync(0) { environment.merge(clock.environment) { $1 } }
        let run = try TidegateRun(
            words + ["-p", place.playbookPath], folder: place.folder, environment: environment)
        posts[member] = run
        begins[run.processID] = .now
        runs.append(run)
    }

    /// Kills the process of a post; it is filled again at the next look.
    func kill(_ member: Member) { self[member]?.crash() }

    /// Starts what has ended, and the next load when it is time.
    func look() throws {
        for (member, run) in posts where !run.isRunning {
            posts[member] = nil
            guard member != .load else {
                if run.exitStatus == 0 { waves.removeFirst() }
                continue
            }
            if case .sync(let number) = member, number >= Member.syncs.count { continue }
            try start(member)
        }
        guard posts[.load] == nil, let next = waves.first, next.at <= .now else { return }
        try start(.load)
    }

    /// Asks the process of a post to end, and waits for it: within its time, and with success.
    func end(_ member: Member, replaced: Bool) throws {
        guard let run = self[member], let began = begins[run.processID] else { return }
        let status = try run.terminate(within: 40)
        // What could not be ended in order says why, which must have an explanation too. One that has not come to its work
        // yet dies of the signal, as any program does.
        let isSaid = status == 2 && run.log.contains("tidegate: ")
        let isNew = status == -SIGTERM && ContinuousClock.now - began < .seconds(10)
        if status != 0, !isSaid, !isNew {
            complaints.append("\(run.command) (\(run.logPath)) ended with \(status) after SIGTERM")
        }
        if !replaced { posts[member] = nil }
    }

    /// Ends everything that runs.
    func endAll() throws {
        for member in posts.keys { try end(member, replaced: false) }
    }
}
