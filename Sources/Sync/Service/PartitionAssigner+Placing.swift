internal import Model
internal import RDKafka

/// Where the consumer reads each partition from, and who gets what it reads.
extension PartitionAssigner {
    /// New partitions are assigned from their checkpoints; those that are assigned already go back there.
    func accept(_ places: [TopicPartitionOffset]) throws {
        let assigned = Set(try consumer.assignment())
        let known = places.filter { assigned.contains($0.topicPartition) }
        let new = places.filter { !assigned.contains($0.topicPartition) }
        // Where the group does not rebalance partition by partition, an assignment is always of all of them.
        if consumer.isCooperative || assigned.isEmpty {
            if !new.isEmpty || assigned.isEmpty { try consumer.accept(new) }
        } else if !new.isEmpty {
            return try restart(places, others: others(of: places, assigned))
        }
        guard !known.isEmpty else { return }
        do {
            try consumer.seek(known)
        } catch {
            // The reading of one of them has ended with an error.
            guard error.code == .state else { throw error }
            try restart(known, others: others(of: places, assigned))
        }
    }

    private func restart(_ places: [TopicPartitionOffset], others: [TopicPartitionOffset]) throws {
        for partition in try consumer.restart(places, others: others) { try forward(partition) }
    }

    func forward(_ partition: RDKafka.TopicPartition) throws {
        guard let lane = laneOf[partition] else { return }
        try consumer.forward(partition.topic, partition.partition, to: lanes[lane].queue)
    }

    /// What is assigned besides, from where it is committed: lanes ignore what they get a second time.
    private func others(
        of places: [TopicPartitionOffset], _ assigned: Set<RDKafka.TopicPartition>
    ) -> [TopicPartitionOffset] {
        let committed = Dictionary(lanes.flatMap(\.current.committed), uniquingKeysWith: { first, _ in first })
        return assigned.subtracting(places.map(\.topicPartition)).map { partition in
            let place = Model.TopicPartition(topic: partition.topic, partition: partition.partition)
            return partition.at(committed[place] ?? TopicPartitionOffset.beginning)
        }
    }
}
