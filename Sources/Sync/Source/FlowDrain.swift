internal import Ledger
public import LibPQ
public import Model

/// Waits until a flow has applied everything that its source had committed when the waiting began.
///
/// The proof has three steps: the source's log ends at D; the connector's slot has confirmed D, so that everything before it
/// is in the topics; the topics end at E, and every checkpoint has reached E.
public struct FlowDrain {
    /// The direction.
    public let flow: Flow
    /// The topics of its entities.
    public let topics: [String]
    /// The names that the connector's slot may have, the first that the source has being meant.
    public let slots: [String]
    /// The ends of a topic's partitions now; empty for a topic that does not exist.
    public let logEnds: (String) throws -> [TopicPartition: Model.PartitionProgress.Bound]
    /// How long it may take.
    public let limit: Duration

    /// A drain of a flow.
    public init(
        _ flow: Flow, topics: [String], slots: [String], limit: Duration,
        logEnds: @escaping (String) throws -> [TopicPartition: Model.PartitionProgress.Bound]
    ) {
        self.flow = flow
        self.topics = topics
        self.slots = slots
        self.limit = limit
        self.logEnds = logEnds
    }

    /// Waits.
    ///
    /// - Parameters:
    ///   - source: the side that rows come from; nil when it cannot be asked: then only what is in the topics counts.
    ///   - ledger: the side where the flow applies.
    /// - Returns: D; nil without a source.
    /// - Throws: `SyncError` of code `notDrained`, which says what is behind, when the limit is over.
    public func wait(source: Connection?, ledger: Connection) throws -> LSN? {
        let deadline = ContinuousClock.now + limit
        var end: LSN?
        if let source {
            let log = SourceLog(on: source)
            let known = try log.end()
            end = known
            if let known {
                try until(deadline, ledger) {
                    guard let (slot, confirmed) = try log.confirmed(slots) else {
                        return "the \(flow.from) has no replication slot \(slots.joined(separator: " or "))"
                    }
                    return confirmed < known ? "slot \(slot) has confirmed \(confirmed) of \(known)" : nil
                }
            }
        }
        for topic in topics {
            let ends = try logEnds(topic).filter { $0.value.low < $0.value.end }
            try until(deadline, ledger) {
                let reached = try Checkpoints(on: ledger).find(flow: flow, topic: topic)
                let behind = ends.filter { ($1.low..<$1.end).contains(reached[$0]?.nextOffset ?? $1.low) }
                return behind.min { $0.key < $1.key }.map { partition, bound in
                    let next = reached[partition]?.nextOffset.map(String.init) ?? "nothing"
                    return "\(behind.count) partitions are behind, \(partition) at \(next) of \(bound.end)"
                }
            }
        }
        return end
    }

    /// Waits until nothing is missing.
    private func until(
        _ deadline: ContinuousClock.Instant, _ connection: Connection, _ missing: () throws -> String?
    ) throws {
        while let missing = try missing() {
            guard ContinuousClock.now < deadline else {
                throw SyncError(
                    .notDrained,
                    "the \(flow) flow has not applied all of the \(flow.from)'s changes in time: \(missing)")
            }
            try connection.query("SELECT pg_sleep(0.01)")
        }
    }
}
