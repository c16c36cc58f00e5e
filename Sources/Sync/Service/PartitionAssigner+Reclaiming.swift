internal import Ledger
internal import LibPQ
internal import Logging
internal import Model
internal import RDKafka

/// Partitions that are this process's own and have to be claimed anew.
extension PartitionAssigner {
    /// Another claim took these partitions although the group still gives them to this process: the claim of one that
    /// has left since, or a rewind. The group's word counts, once it has had time to reach us.
    func reclaimFenced() {
        let fenced = Set(lanes.flatMap(\.current.fenced))
        for (partition, _) in laneOf {
            let name = Model.TopicPartition(topic: partition.topic, partition: partition.partition)
            if fenced.contains(name), !unclaimed.contains(partition) {
                unclaimed.append(partition)
                nextAttempt = .now + .seconds(4)
            }
        }
    }

    /// A broker has said of an offset that it is not there, and it is.
    func reclaimHalted() {
        let halted = Set(lanes.flatMap(\.current.halted))
        guard !halted.isEmpty else { return }
        for (partition, _) in laneOf where !unclaimed.contains(partition) {
            guard halted.contains(Model.TopicPartition(topic: partition.topic, partition: partition.partition)) else {
                continue
            }
            if unclaimed.isEmpty { nextAttempt = .now + backoff.fail() }
            unclaimed.append(partition)
        }
    }

    /// A load from files or topics has sent these partitions back to their beginning. A lane that has nothing to commit
    /// would not find out.
    func reclaimRewound() {
        guard !laneOf.isEmpty else { return }
        do {
            let open = try connection ?? Connection(options.target, applicationName: "tidegate sync")
            connection = open
            let rewound = try Checkpoints(on: open).rewound(flow: options.flow)
            guard !rewound.isEmpty else { return }
            for (partition, lane) in laneOf where !unclaimed.contains(partition) {
                let name = Model.TopicPartition(topic: partition.topic, partition: partition.partition)
                guard rewound.contains(name) else { continue }
                lanes[lane].send(.give([name]))
                unclaimed.append(partition)
                nextAttempt = .now
            }
        } catch {
            connection = nil
            logger.debug("rewinds not looked for", metadata: ["error": "\(error)"])
        }
    }
}
