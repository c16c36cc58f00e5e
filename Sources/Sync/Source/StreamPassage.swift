internal import Ledger
public import LibPQ
public import Model

/// Tells whether the stream has brought, and the flow has applied, everything that the source had committed before a
/// position.
///
/// Each partition of the topic has passed it when its checkpoint's position says so. An idle partition's never will: for
/// those, the connector's slot must have confirmed the position, which means that everything before it is in the topic; the
/// log ends read after that are what the checkpoints have to reach.
public struct StreamPassage: Sendable {
    /// How far it has come.
    public enum Verdict: Sendable {
        case passed
        /// What is behind, in words.
        case behind(String)
        /// Everything before the position is in the topic: these are the offsets to reach. Ask again with them.
        case bounded([TopicPartition: Int64])
    }

    public let flow: Flow
    public let topic: String
    /// The names that the connector's slot may have, the first that the source has being meant.
    public let slots: [String]
    /// The ends of a topic's partitions now; nil when Kafka is not to be asked: then only positions count.
    public let logEnds: (@Sendable (String) throws -> [TopicPartition: Model.PartitionProgress.Bound])?

    /// The passage of a flow's topic.
    public init(
        _ flow: Flow, topic: String, slots: [String],
        logEnds: (@Sendable (String) throws -> [TopicPartition: Model.PartitionProgress.Bound])?
    ) {
        self.flow = flow
        self.topic = topic
        self.slots = slots
        self.logEnds = logEnds
    }

    /// Looks once.
    ///
    /// - Parameters:
    ///   - bounds: what an earlier look at the same seal gave as `bounded`.
    ///   - source: nil when it cannot be asked.
    ///   - ledger: where the flow applies.
    public func look(
        past seal: Seal, bounds: [TopicPartition: Int64]?, source: Connection?, ledger: Connection
    ) throws -> Verdict {
        let checkpoints = try Checkpoints(on: ledger).find(flow: flow, topic: topic)
        if let bounds {
            let behind = bounds.filter { partition, end in
                !progress(partition, checkpoints).isPast(seal, bound: Model.PartitionProgress.Bound(low: 0, end: end))
            }
            guard let first = behind.min(by: { $0.key < $1.key }) else { return .passed }
            let next = checkpoints[first.key]?.nextOffset.map(String.init) ?? "nothing"
            return .behind("\(behind.count) partitions behind, \(first.key) at \(next) of \(first.value)")
        }
        guard let logEnds else {
            let behind = checkpoints.keys.filter { !progress($0, checkpoints).isPast(seal, bound: nil) }.sorted()
            if let first = behind.first {
                return .behind("\(behind.count) partitions behind the seal, such as \(first)")
            }
            return checkpoints.isEmpty ? .behind("no partition of \(topic) is being consumed") : .passed
        }
        let ends = try logEnds(topic)
        let behind = ends.keys.filter { !progress($0, checkpoints).isPast(seal, bound: nil) }
        if behind.isEmpty, !ends.isEmpty { return .passed }
        if let waiting = try unconfirmed(seal, source) { return .behind(waiting) }
        // Read again: what the connector had confirmed a moment ago is there now.
        return .bounded(try logEnds(topic).filter { $0.value.low < $0.value.end }.mapValues(\.end))
    }

    /// Why the connector has not confirmed the seal; nil when it has, or when there is nothing to confirm.
    private func unconfirmed(_ seal: Seal, _ source: Connection?) throws -> String? {
        guard let position = seal.position, let source else { return nil }
        guard !slots.isEmpty else {
            return "a partition is idle, and the playbook's connector section names no slot.name to tell that by"
        }
        guard let (slot, confirmed) = try SourceLog(on: source).confirmed(slots) else {
            return "the source has no replication slot \(slots.joined(separator: " or "))"
        }
        return confirmed < position ? "slot \(slot) has confirmed \(confirmed), the seal is at \(position)" : nil
    }

    private func progress(
        _ partition: TopicPartition, _ checkpoints: [TopicPartition: Checkpoint]
    ) -> Model.PartitionProgress {
        let checkpoint = checkpoints[partition]
        return Model.PartitionProgress(
            partition: partition, nextOffset: checkpoint?.nextOffset, position: checkpoint?.position)
    }
}
