import Foundation
internal import Ledger
internal import LibPQ
internal import Logging
internal import Model
internal import Playbook
internal import RDKafka

/// Gives partitions to lanes and takes them back, as the consumer group says and the ledger allows.
final class PartitionAssigner {
    private let playbook: CompiledPlaybook
    let options: SyncOptions
    let consumer: Consumer
    let lanes: [LaneMailbox]
    let logger: Logger
    var laneOf: [RDKafka.TopicPartition: Int] = [:]
    /// Assigned by the group and not yet claimed, because the target was not to be reached.
    var unclaimed: [RDKafka.TopicPartition] = []
    private var added: AddedPartitions
    private var outages = BrokerOutages()
    var connection: Connection?
    var backoff = Backoff()
    var nextAttempt = ContinuousClock.now
    private var nextCommit = ContinuousClock.now
    private var nextCleaning = ContinuousClock.now
    /// Whether another playbook or contract was put in force.
    private(set) var isSuperseded = false
    private var ends: [RDKafka.TopicPartition: Int64] = [:]

    init(
        playbook: CompiledPlaybook, options: SyncOptions, consumer: Consumer, lanes: [LaneMailbox], logger: Logger
    ) {
        self.playbook = playbook
        self.options = options
        self.consumer = consumer
        self.lanes = lanes
        self.logger = logger
        added = AddedPartitions(flow: options.flow, logger: logger)
    }

    /// Answers what the consumer reports.
    func handle(_ event: ConsumerEvent) {
        switch event {
        case .assign(let partitions):
            unclaimed += partitions
            nextAttempt = .now
        case .revoke(let partitions, _): revoke(partitions)
        case .error(let error): report(error, topic: nil)
        case .message(let message):
            // Errors of a topic as a whole come in this form.
            if let error = message.error { report(error, topic: message.place.topicPartition.topic) }
        case .statistics(let json): report(outages.note(statistics: json))
        }
    }

    private func report(_ error: KafkaError, topic: String?) {
        outages.note(error)
        var metadata: Logger.Metadata = ["kafka.error": "\(error)"]
        if let topic { metadata["kafka.topic"] = "\(topic)" }
        if error.code == .unknownTopic || error.code == .unknownTopicOrPartition {
            logger.warning("topic is missing", metadata: metadata)
        } else if !error.isRetriable {
            logger.error("consumer reports an error", metadata: metadata)
        } else {
            // Most mend themselves at once; a broker that stays away is told below.
            logger.info("consumer reports an error", metadata: metadata)
        }
    }

    private func report(_ news: [BrokerOutages.News]) {
        for one in news {
            let metadata = one.facts.mapValues { Logger.MetadataValue.string($0) }
            switch one {
            case .away: logger.warning("broker cannot be reached, trying again", metadata: metadata)
            case .back: logger.notice("broker is back", metadata: metadata)
            }
        }
    }

    /// Does what is due: claims that are open, partitions whose reading has ended, partitions that were fenced off but are still ours, offsets for tools.
    func tick() {
        reclaimHalted()
        if added.isDue { releaseAdded() }
        if !unclaimed.isEmpty, ContinuousClock.now >= nextAttempt { claim() }
        guard ContinuousClock.now >= nextCommit else { return }
        nextCommit = .now + .seconds(2)
        reclaimFenced()
        reclaimRewound()
        lookForEdition()
        commitOffsets(waiting: false)
        if ContinuousClock.now >= nextCleaning { forgetOldTransactions() }
        if options.flow == .reverse, let connection { settleBrokenTransfer(connection) }
    }

    private func forgetOldTransactions() {
        guard let connection else { return }
        nextCleaning = .now + .seconds(3600)
        do {
            try AppliedTransactions(on: connection).forgetOld()
        } catch {
            logger.debug("old transactions not forgotten", metadata: ["error": "\(error)"])
        }
    }

    /// The reverse flow applies by its own ledger's copy of what the target's has decided.
    private func settleOwnership(_ source: Connection) throws {
        guard options.flow == .reverse, let target = options.source else { return }
        let other = try Connection(target, applicationName: "tidegate sync")
        try SharedOwnership(target: other, source: source).settle()
    }

    private func settleBrokenTransfer(_ source: Connection) {
        do {
            if try SharedOwnership.isUnsettled(on: source) { try settleOwnership(source) }
        } catch {
            logger.warning("a transfer of ownership is not settled, trying again", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Taking over

    private func claim() {
        do {
            try take(unclaimed)
            unclaimed = []
            backoff.succeed()
        } catch {
            if backoff.attempts % 20 == 0 {
                logger.warning("partitions not claimed, trying again", metadata: ["error": "\(error)"])
            }
            connection = nil
            nextAttempt = .now + backoff.fail()
        }
    }

    private func take(_ partitions: [RDKafka.TopicPartition]) throws {
        let open = try connection ?? Connection(options.target, applicationName: "tidegate sync")
        connection = open
        try settleOwnership(open)
        let counts = try partitionCounts(Set(partitions.map(\.topic)))
        let partitions = try added.hold(partitions, counts: counts, open, consumer)
        let claimed = try Checkpoints(on: open).claim(
            flow: options.flow,
            partitions: partitions.map { Model.TopicPartition(topic: $0.topic, partition: $0.partition) },
            owner: options.owner)
        try Stalls(on: open).clear(claimed.keys.sorted(), of: options.flow)
        let fromTopic = try topicsWithBaseline(open)
        var orders: [Int: [LaneMailbox.Assignment]] = [:]
        var places: [TopicPartitionOffset] = []
        for partition in partitions {
            let name = Model.TopicPartition(topic: partition.topic, partition: partition.partition)
            guard let checkpoint = claimed[name] else { continue }
            let bounds = try consumer.watermarks(partition.topic, partition.partition, timeout: .seconds(10))
            if options.stopsAtEnd { noteEnd(of: partition, at: bounds.high, startingAt: checkpoint.nextOffset ?? 0) }
            // Where the partition ends before the next offset, the broker is to say so.
            let reachesNext = checkpoint.nextOffset.map { $0 <= bounds.high } ?? false
            let last = checkpoint.lastRecord.flatMap { reachesNext && $0.offset >= bounds.low ? $0 : nil }
            let lane = laneOf[partition] ?? leastLoadedLane()
            laneOf[partition] = lane
            orders[lane, default: []].append(
                LaneMailbox.Assignment(
                    checkpoint: checkpoint, partitions: counts[partition.topic] ?? 1,
                    takesSnapshotRows: fromTopic.contains(partition.topic), awaitsLastRecord: last != nil))
            places.append(partition.at(last?.offset ?? checkpoint.nextOffset ?? TopicPartitionOffset.beginning))
            try forward(partition)
        }
        for (lane, assignments) in orders { lanes[lane].send(.take(assignments)) }
        try accept(places)
        logger.info("partitions taken", metadata: ["kafka.partitions": "\(partitions.count)"])
    }

    private func leastLoadedLane() -> Int {
        var load = Array(repeating: 0, count: lanes.count)
        for lane in laneOf.values { load[lane] += 1 }
        return load.indices.min { load[$0] < load[$1] } ?? 0
    }

    private func topicsWithBaseline(_ connection: Connection) throws -> Set<String> {
        let ids = try Entities(on: connection).find()
        let scopes = Scopes(on: connection)
        var topics: Set<String> = []
        for entity in playbook.entities {
            guard let id = ids[entity.name] else { continue }
            let started = try scopes.read(id).scopes.values.filter { $0.state != .pending }
            if started.contains(where: { $0.origin == .topic }) {
                topics.insert(playbook.kafka.topic(of: entity.source))
            }
        }
        return topics
    }

    private func partitionCounts(_ topics: Set<String>) throws -> [String: Int] {
        let metadata = try consumer.metadata(Array(topics), timeout: .seconds(5))
        return metadata.topics.mapValues(\.partitionCount)
    }

    private func releaseAdded() {
        do {
            let open = try connection ?? Connection(options.target, applicationName: "tidegate sync")
            connection = open
            let free = try added.release(open, consumer)
            guard !free.isEmpty else { return }
            unclaimed += free
            nextAttempt = .now
        } catch {
            if connection?.isAlive != true { connection = nil }
            logger.info("added partitions not looked at", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Giving back

    private func revoke(_ partitions: [RDKafka.TopicPartition]) {
        let gone = Set(partitions)
        unclaimed.removeAll(where: gone.contains)
        added.remove(gone)
        var orders: [Int: [Model.TopicPartition]] = [:]
        for partition in partitions {
            guard let lane = laneOf.removeValue(forKey: partition) else { continue }
            ends[partition] = nil
            orders[lane, default: []].append(
                Model.TopicPartition(topic: partition.topic, partition: partition.partition))
        }
        commitOffsets(waiting: false)
        for (lane, list) in orders { lanes[lane].send(.give(list)) }
        do {
            try consumer.release(partitions)
        } catch {
            logger.warning("partitions not released", metadata: ["kafka.error": "\(error)"])
        }
    }

    private func lookForEdition() {
        guard let edition = options.edition, let connection else { return }
        do {
            isSuperseded = try Contracts(on: connection).edition(of: playbook.name) != edition
        } catch {
            self.connection = nil
            logger.debug("playbook in force not looked for", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Offsets

    /// Tells the group how far the target is. For lag tools: what counts is in the ledger.
    func commitOffsets(waiting: Bool) {
        let committed = lanes.flatMap(\.current.committed)
        let places = committed.map { TopicPartitionOffset($0.key.topic, $0.key.partition, $0.value) }
        guard !places.isEmpty else { return }
        do {
            try consumer.commit(places, async: !waiting)
        } catch {
            logger.debug("offsets not committed to the group", metadata: ["kafka.error": "\(error)"])
        }
    }

    /// A partition that ends before the place to go on from has no end that could be reached: its lane stops it.
    private func noteEnd(of partition: RDKafka.TopicPartition, at end: Int64, startingAt start: Int64) {
        ends[partition] = start > end ? .max : end
    }

    /// Whether every assigned partition is committed to the end that was noted.
    var isAtEnd: Bool {
        guard !ends.isEmpty, unclaimed.isEmpty, !added.holdsRecords else { return false }
        let committed = Dictionary(lanes.flatMap(\.current.committed), uniquingKeysWith: { first, _ in first })
        let stopped = Set(lanes.flatMap(\.current.stopped.keys))
        return ends.allSatisfy { partition, end in
            let place = Model.TopicPartition(topic: partition.topic, partition: partition.partition)
            return end == 0 || (committed[place] ?? 0) >= end || stopped.contains(place)
        }
    }
}
