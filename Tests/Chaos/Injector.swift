import Foundation
import LibPQ
import RDKafka
import Sandbox
import TestSupport

#if canImport(Glibc)
import Glibc
#endif

/// Makes faults happen, and ends them.
final class Injector {
    let place: Place
    let crew: Crew
    private let clock: FakeClock?
    /// What a fault that lasts has to undo.
    private var open: [Int: () throws -> Void] = [:]

    init(_ place: Place, _ crew: Crew, clock: FakeClock?) {
        self.place = place
        self.crew = crew
        self.clock = clock
    }

    /// Lets a step begin.
    func begin(_ number: Int, _ step: Schedule.Step) throws { open[number] = try undo(step) }

    /// Ends it, if it lasts.
    func end(_ number: Int) throws { try open.removeValue(forKey: number)?() }

    /// Ends whatever still lasts.
    func endAll() throws { for number in open.keys.sorted() { try end(number) } }

    /// Begins a fault. Returns how to end it.
    private func undo(_ step: Schedule.Step) throws -> (() throws -> Void)? {
        var generator = SeededGenerator(seed: step.choice)
        let sync = Crew.Member.syncs[Int(step.choice % 2)]
        let broker = Place.brokers.randomElement(using: &generator) ?? 1
        switch step.fault {
        case .killCapture: crew.kill(.capture)
        case .killSync: crew.kill(sync)
        case .killLoad: crew.kill(.load)
        case .endCapture: try crew.end(.capture, replaced: true)
        case .endSync: try crew.end(sync, replaced: true)
        case .endLoad: try crew.end(.load, replaced: true)
        case .pauseCapture: return pause(.capture)
        case .pauseSync: return pause(sync)
        case .pauseLoad: return pause(.load)
        case .rebalance:
            let third = Crew.Member.sync(Crew.Member.syncs.count)
            try crew.start(third)
            return { try self.crew.end(third, replaced: false) }
        case .clock:
            let seconds = [-7200, -60, -1, 1, 60, 7200].randomElement(using: &generator) ?? 1
            try clock?.set(seconds)
            return { try self.clock?.set(0) }
        case .sourceCrash: return crash(place.clusters.source)
        case .targetCrash: return crash(place.clusters.target)
        case .sourceCut: return try repeatedly { try self.cut(self.place.connectToSource()) }
        case .targetCut: return try repeatedly { try self.cut(self.place.connectToTarget()) }
        case .diskFull:
            try place.disk?.fill(leaving: 0)
            return { try self.place.disk?.empty() }
        case .deadlock: return try deadlock()
        case .slowTarget:
            let holder = try place.connectToTarget()
            try holder.execute("BEGIN; LOCK TABLE crm.orders IN ACCESS EXCLUSIVE MODE")
            return { holder.close() }
        case .brokerRestart:
            try Place.brokers.forEach { try place.broker.setBroker($0, up: false) }
            return { try Place.brokers.forEach { try self.place.broker.setBroker($0, up: true) } }
        case .brokerAway:
            try place.broker.setBroker(broker, up: false)
            return { try self.place.broker.setBroker(broker, up: true) }
        case .slowBroker:
            try place.broker.setRoundTrip(broker, .milliseconds(Int.random(in: 200...900, using: &generator)))
            return { try self.place.broker.setRoundTrip(broker, .zero) }
        case .leaders: return try repeatedly { try self.moveLeaders(step.choice) }
        case .coordinator:
            return try repeatedly {
                try self.place.broker.setCoordinator(
                    ofGroup: Place.group, to: Place.brokers.randomElement() ?? broker)
            }
        case .errors: pushErrors(&generator)
        case .resend: try Resend(place).run(after: { crew.kill(.capture) }, &generator)
        }
        return nil
    }

    // MARK: Processes

    private func pause(_ member: Crew.Member) -> (() throws -> Void)? {
        guard let run = crew[member] else { return nil }
        run.signal(SIGSTOP)
        return { run.signal(SIGCONT) }
    }

    /// Does something at the beginning of a step and again at its end.
    private func repeatedly(_ action: @escaping () throws -> Void) throws -> () throws -> Void {
        try action()
        return action
    }

    // MARK: Databases

    private func crash(_ cluster: PostgresCluster) -> () throws -> Void {
        cluster.stop(.immediate)
        return { try cluster.start() }
    }

    private func cut(_ connection: Connection) throws {
        try connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }

    /// Takes the locks of a lane in the other order, again and again, until the server has found a deadlock. Of the two
    /// it is the lane that finds it, and so is the one that gives way.
    private func deadlock() throws -> () throws -> Void {
        nonisolated(unsafe) let session = try place.connectToTarget()
        let canceller = try session.canceller()
        let ended = DispatchSemaphore(value: 0)
        let told = Counter()
        Thread {
            defer { ended.signal() }
            let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            do {
                try session.execute("SET deadlock_timeout = '1min'")
                let before = try session.execute(deadlocks).scalar
                while told.value == 0, try session.execute(deadlocks).scalar == before {
                    try session.execute("BEGIN; LOCK TABLE crm.order_line IN SHARE ROW EXCLUSIVE MODE")
                    try session.execute("SELECT pg_sleep(0.2)")
                    try session.execute("LOCK TABLE crm.customer, crm.orders IN SHARE ROW EXCLUSIVE MODE; COMMIT")
                }
            } catch {
                // Cancelled at the end, or the server was taken away meanwhile: its transaction is gone in either case.
            }
        }.start()
        return {
            told.increment()
            try? canceller.cancel()
            ended.wait()
            session.close()
        }
    }

    // MARK: Brokers

    private func moveLeaders(_ choice: UInt64) throws {
        var generator = SeededGenerator(seed: choice &+ UInt64(ContinuousClock.now.hashValue.magnitude))
        for partition in Place.partitions {
            guard let next = Place.brokers.randomElement(using: &generator) else { continue }
            try place.broker.setLeader(partition.topic, partition.partition, to: next)
        }
    }

    private func pushErrors(_ generator: inout SeededGenerator) {
        let kinds: [(MockCluster.Request, [KafkaError.Code])] = [
            (.produce, [.notLeader, .requestTimedOut, .notEnoughReplicas, .transport]),
            (.fetch, [.notLeader, .leaderNotAvailable, .transport, .unknownTopicOrPartition]),
            (.listOffsets, [.notLeader, .transport]), (.metadata, [.transport]),
            (.findCoordinator, [.coordinatorNotAvailable, .transport]),
            (.offsetCommit, [.notCoordinator, .transport]),
            (.heartbeat, [.rebalanceInProgress, .notCoordinator, .unknownMember, .illegalGeneration]),
            (.joinGroup, [.coordinatorLoading, .notCoordinator]), (.syncGroup, [.rebalanceInProgress]),
        ]
        for (request, codes) in kinds {
            let count = Int.random(in: 1...4, using: &generator)
            place.broker.pushRequestErrors(
                request, (0..<count).compactMap { _ in codes.randomElement(using: &generator) })
        }
    }
}
