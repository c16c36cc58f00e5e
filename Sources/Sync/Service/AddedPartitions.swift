import Foundation
internal import Ledger
internal import LibPQ
internal import Logging
internal import Model
internal import RDKafka

/// The partitions that the group gives to this process and that are held, because they were added to their topic and the
/// others are not applied yet to where they ended (see `Topics`).
struct AddedPartitions {
    private let flow: Flow
    private let logger: Logger
    private(set) var held: Set<RDKafka.TopicPartition> = []
    /// Topics with records in held partitions.
    private var waiting: Set<String> = []
    private var nextLook = ContinuousClock.now
    private static let interval = Duration.milliseconds(500)

    init(flow: Flow, logger: Logger) {
        self.flow = flow
        self.logger = logger
    }

    /// Whether records are held.
    var holdsRecords: Bool { !waiting.isEmpty }

    /// Whether it is time to look again.
    var isDue: Bool { !held.isEmpty && ContinuousClock.now >= nextLook }

    /// The group has taken partitions away.
    mutating func remove(_ partitions: Set<RDKafka.TopicPartition>) {
        held.subtract(partitions)
        waiting.formIntersection(held.map(\.topic))
    }

    /// Takes those of the partitions in that are to be held.
    ///
    /// - Parameter counts: how many partitions each topic has now.
    /// - Returns: the others.
    mutating func hold(
        _ partitions: [RDKafka.TopicPartition], counts: [String: Int], _ connection: Connection, _ consumer: Consumer
    ) throws -> [RDKafka.TopicPartition] {
        var free: [RDKafka.TopicPartition] = []
        for (topic, members) in Dictionary(grouping: partitions, by: \.topic).sorted(by: { $0.key < $1.key }) {
            guard let count = counts[topic], count > 0 else {
                free += members
                continue
            }
            let width = try Topics(on: connection).note(count, of: topic, flow: flow)
            if count < width.consumed {
                logger.error(
                    "topic has fewer partitions than were consumed: it was made anew",
                    metadata: ["kafka.topic": "\(topic)", "partitions": "\(count)", "consumed": "\(width.consumed)"])
            }
            let isFree = try width.grownTo == nil || look(topic, width, connection, consumer)
            let added = isFree ? [] : members.filter { width.holds($0.partition) }
            held.formUnion(added)
            free += members.filter { !added.contains($0) }
        }
        return free
    }

    /// Looks whether partitions are held no longer.
    ///
    /// - Returns: those.
    mutating func release(_ connection: Connection, _ consumer: Consumer) throws -> [RDKafka.TopicPartition] {
        nextLook = .now + Self.interval
        var free: [RDKafka.TopicPartition] = []
        for (topic, members) in Dictionary(grouping: held, by: \.topic) {
            let count = try consumer.metadata([topic], timeout: .seconds(5)).topics[topic]?.partitionCount ?? 0
            guard count > 0 else { continue }
            let width = try Topics(on: connection).note(count, of: topic, flow: flow)
            guard try width.grownTo == nil || look(topic, width, connection, consumer) else { continue }
            free += members
        }
        remove(Set(free))
        return free
    }

    /// Whether the partitions that were there are applied to where they ended.
    private mutating func look(
        _ topic: String, _ width: Topics.Width, _ connection: Connection, _ consumer: Consumer
    ) throws -> Bool {
        guard let grownTo = width.grownTo else { return true }
        func end(_ partition: Int) throws -> Int64 {
            try consumer.watermarks(topic, Int32(partition), timeout: .seconds(10)).high
        }
        if width.oldEnds == nil {
            guard try (width.consumed..<grownTo).contains(where: { try end($0) > 0 }) else { return false }
            try Topics(on: connection).note(
                ends: try (0..<width.consumed).map { try end($0) }, of: topic, flow: flow)
        }
        guard let behind = try Topics(on: connection).release(topic, flow: flow) else {
            waiting.remove(topic)
            return true
        }
        if waiting.insert(topic).inserted {
            logger.notice(
                "added partitions are held until the others are applied",
                metadata: ["kafka.topic": "\(topic)", "partitions": "\(width.consumed)", "grown to": "\(grownTo)"])
        }
        let reason = """
            held: \(topic) has grown from \(width.consumed) to \(grownTo) partitions, and keys may have moved here; waits until \
            partition \(behind.partition), at \(behind.next), is applied to \(behind.end)
            """
        let checkpoints = held.filter { $0.topic == topic }.map {
            Checkpoint(
                flow: flow, partition: Model.TopicPartition(topic: topic, partition: $0.partition), nextOffset: nil,
                position: nil, fence: 0)
        }
        try Stalls(on: connection).note(
            Stall(.retrying, reason: reason, attempts: 1, wait: Self.interval), of: checkpoints)
        return false
    }
}
