internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// Takes up the keys again that were parked because of something that may have come since: the row they point at, the
/// delete of the row that has their unique value, or the other half of their key change; those that a person wants tried;
/// those whose first event a person has discarded, so that the next queues behind nothing; and rows that a load has set aside.
///
/// What has come is asked of the target by one statement for all keys of an entity; where that cannot be told, a key has
/// pauses of its own that double up to a minute. However many wait, they take no more than a twentieth of the lane's time.
///
/// A lane does it for the partitions that it holds, which are the only ones whose events may park or release those keys
/// meanwhile. Of keys that clash with each other it may take those of other partitions along: they are parked, so that nobody
/// else applies anything of them but by the same rows of the quarantine.
final class ParkedRetry {
    private let batch: LaneBatch
    private let kafka: KafkaSection
    private var due = ContinuousClock.now
    private var failure: (any Error)?
    private var hasReleased = false
    private static let interval = Duration.milliseconds(500)
    /// Between looks for rows of loads, while nothing is known to be parked.
    private static let longInterval = Duration.seconds(5)
    private static let keysAtOnce = 1000
    private var nextLongLook = ContinuousClock.now

    /// The retry of a lane, beside its batch.
    init(beside batch: LaneBatch, modes: ConnectorModes, kafka: KafkaSection) {
        self.batch = LaneBatch(beside: batch, modes: modes)
        self.kafka = kafka
    }

    /// Whether it is time to try again.
    func isDue(hasParkedKeys: Bool) -> Bool {
        ContinuousClock.now >= (hasParkedKeys ? due : max(due, nextLongLook))
    }

    /// Tries keys whose turn it is.
    ///
    /// - Parameter released: told of each key that is parked no longer, with the place of its entity, as soon as that is
    ///   committed.
    /// - Throws: the first failure, when the others have been tried; at once when the connection broke or a partition
    ///   was taken over.
    func run(
        _ checkpoints: [TopicPartition: Checkpoint], applier: BatchApplier, released: (Int, [String]) -> Void
    ) throws {
        let start = ContinuousClock.now
        (failure, hasReleased) = (nil, false)
        defer {
            let took = ContinuousClock.now - start
            due = .now + (hasReleased ? took : max(Self.interval, took * 20))
            nextLongLook = .now + Self.longInterval
        }
        guard let flow = checkpoints.values.first?.flow else { return }
        let quarantine = applier.quarantine
        let mine = checkpoints.keys.sorted()
        let ready = try quarantine.due(
            reasons: waitingReasons.union(["behind"]).sorted(), flow: flow, in: mine, limit: Self.keysAtOnce)
        for (id, keys) in Dictionary(grouping: ready, by: \.entity).sorted(by: { $0.key < $1.key }) {
            guard let entity = applier.place(of: id) else { continue }
            let clashing = keys.filter { $0.events.first?.reason == "conflict" }
            try attempt(keys.filter { $0.events.first?.reason != "conflict" }, entity, checkpoints, applier, released)
            if !clashing.isEmpty { try attemptTogether(clashing, entity, checkpoints, applier, released) }
        }
        for id in try quarantine.entitiesAwaiting(flow) {
            guard let entity = applier.place(of: id) else { continue }
            let isThere = try ForeignKey.isThere(
                ForeignKey.find(of: applier.entities[entity].entity.target, on: applier.connection))
            let keys = try quarantine.arrived(id, isThere: isThere, flow: flow, in: mine, limit: Self.keysAtOnce)
            try attempt(keys, entity, checkpoints, applier, released)
        }
        if flow == .forward { try takeUpLoaded(Set(mine), applier, released) }
        if let failure { throw failure }
    }

    // MARK: The stream's

    private func attempt(
        _ keys: [ParkedKey], _ entity: Int, _ checkpoints: [TopicPartition: Checkpoint], _ applier: BatchApplier,
        _ released: (Int, [String]) -> Void
    ) throws {
        guard let first = keys.first else { return }
        let segments = ParkedSegments(of: keys, in: batch.entities[entity])
        defer { batch.forgetEvents() }
        var rejected: (any Error)?
        try noting(applier) {
            do {
                let free = try applier.applyParked(keys, entity, checkpoints, segments)
                for key in keys where free.contains(key.key) { released(entity, key.key) }
                hasReleased = hasReleased || !free.isEmpty
                if let fault = segments.fault { try postpone(first, fault, applier) }
            } catch  where isRejection(error) { rejected = error }
        }
        guard let rejected else { return }
        let culprits = try applier.culprits(of: rejected, entity, segments.rows)
        if keys.count == 1 { return try postpone(first, culprits[first.key] ?? rejected, applier) }
        for key in keys { if let error = culprits[key.key] { try postpone(key, error, applier) } }
        let others = keys.filter { culprits[$0.key] == nil }
        let middle = others.count < keys.count ? others.count : others.count / 2
        try attempt(Array(others[..<middle]), entity, checkpoints, applier, released)
        try attempt(Array(others[middle...]), entity, checkpoints, applier, released)
    }

    /// Keys that clash may only clash with each other, in whichever partition: rows that pass their values on. The lane that has
    /// the oldest of them takes them all.
    private func attemptTogether(
        _ mine: [ParkedKey], _ entity: Int, _ checkpoints: [TopicPartition: Checkpoint], _ applier: BatchApplier,
        _ released: (Int, [String]) -> Void
    ) throws {
        guard let flow = checkpoints.values.first?.flow else { return }
        let all = try applier.quarantine.clashing(mine[0].entity, flow: flow, limit: Self.keysAtOnce)
        guard let oldest = all.first, checkpoints[oldest.partition] != nil else {
            return try attempt(mine, entity, checkpoints, applier, released)
        }
        var known = try Checkpoints(on: applier.connection).find(flow: flow, topic: oldest.partition.topic)
        known.merge(checkpoints) { _, own in own }
        try attempt(all, entity, known, applier) { place, key in released(place, key) }
    }

    private func postpone(_ key: ParkedKey, _ error: any Error, _ applier: BatchApplier) throws {
        let fault = error as? ParkedFault
        try applier.quarantine.postpone(
            key, because: fault?.event ?? key.events.first,
            ParkedFailure(
                fault == nil ? reason(of: error) : "undecodable", sqlState: sqlState(of: error)?.rawValue,
                message: "\(error)", obstacle: obstacle(of: error)))
    }

    /// What another process has done meanwhile is done; what else fails is told when the others have been tried.
    private func noting(_ applier: BatchApplier, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as LedgerError where error.code == .fenced {
            throw error
        } catch let error as LedgerError where error.code == .wrongState {
        } catch {
            guard applier.isAlive else { throw error }
            failure = failure ?? error
        }
    }

    // MARK: Those of loads

    /// Rows of loads belong to no partition: who has the first one of their topic takes them up.
    private func takeUpLoaded(
        _ mine: Set<TopicPartition>, _ applier: BatchApplier, _ released: (Int, [String]) -> Void
    ) throws {
        for (place, entity) in applier.entities.enumerated() {
            let topic = kafka.topic(of: entity.entity.source)
            guard mine.contains(TopicPartition(topic: topic, partition: 0)) else { continue }
            let isThere = try ForeignKey.isThere(ForeignKey.find(of: entity.entity.target, on: applier.connection))
            let keys = try applier.quarantine.loaded(entity.id, isThere: isThere, limit: Self.keysAtOnce)
            try write(keys, place, applier, released)
        }
    }

    private func write(
        _ keys: [ParkedKey], _ entity: Int, _ applier: BatchApplier, _ released: (Int, [String]) -> Void
    ) throws {
        guard let first = keys.first else { return }
        var rejected: (any Error)?
        try noting(applier) {
            do {
                guard try applier.applyLoaded(keys, entity) else { return }
                hasReleased = true
                let free = try applier.quarantine.free(keys.map(\.key), of: first.entity)
                for key in keys where free.contains(key.key) { released(entity, key.key) }
            } catch  where isRejection(error) { rejected = error }
        }
        guard let rejected else { return }
        if keys.count == 1 { return try postpone(first, rejected, applier) }
        try write(Array(keys[..<(keys.count / 2)]), entity, applier, released)
        try write(Array(keys[(keys.count / 2)...]), entity, applier, released)
    }
}
