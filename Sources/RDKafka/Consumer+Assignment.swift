import CRDKafka

extension Consumer {
    /// Starts the partitions of an `.assign` event at the given places, by the group's protocol.
    public func accept(_ places: [TopicPartitionOffset]) throws(KafkaError) {
        if isCooperative { try incrementalAssign(places) } else { try assign(places) }
    }

    /// Gives the partitions of a `.revoke` event back, by the group's protocol. Call it when the lanes have finished.
    public func release(_ partitions: [TopicPartition]) throws(KafkaError) {
        if isCooperative { try incrementalUnassign(partitions) } else { try unassign() }
    }

    /// Whether the group rebalances partition by partition (`partition.assignment.strategy` `cooperative-sticky`).
    public var isCooperative: Bool {
        guard let name = unsafe rd_kafka_rebalance_protocol(client.pointer) else { return false }
        return unsafe String(cString: name) == "COOPERATIVE"
    }

    /// Reads exactly these partitions from these places, in place of what was read before.
    public func assign(_ places: [TopicPartitionOffset]) throws(KafkaError) {
        let list = TopicPartitionList(places)
        try KafkaError.check(unsafe rd_kafka_assign(client.pointer, list.pointer), "assigning")
    }

    /// Reads nothing any more.
    public func unassign() throws(KafkaError) {
        try KafkaError.check(unsafe rd_kafka_assign(client.pointer, nil), "unassigning")
    }

    /// Reads these partitions too.
    public func incrementalAssign(_ places: [TopicPartitionOffset]) throws(KafkaError) {
        let list = TopicPartitionList(places)
        unsafe try KafkaError.check(unsafe rd_kafka_incremental_assign(client.pointer, list.pointer), "assigning")
    }

    /// Stops reading these partitions.
    public func incrementalUnassign(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = TopicPartitionList(partitions)
        unsafe try KafkaError.check(unsafe rd_kafka_incremental_unassign(client.pointer, list.pointer), "unassigning")
    }

    /// What is read at the moment.
    public func assignment() throws(KafkaError) -> [TopicPartition] {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try KafkaError.check(unsafe rd_kafka_assignment(client.pointer, &list), "reading the assignment")
        guard let list = unsafe list else { return [] }
        return unsafe TopicPartitionList(taking: list).places.map(\.topicPartition)
    }

    /// Sends the partition's messages and errors to `queue` instead of `poll`; call it before `accept` or `assign`.
    ///
    /// It lasts until the partition is read no longer. What a partition brings before it is forwarded anew is kept.
    public func forward(_ topic: String, _ partition: Int32, to queue: MessageQueue?) throws(KafkaError) {
        guard let own = unsafe rd_kafka_queue_get_partition(client.pointer, topic, partition) else {
            throw KafkaError(code: .unknownPartition, message: "forwarding \(topic)[\(partition)]: no such partition")
        }
        if let queue {
            unsafe rd_kafka_queue_forward(own, queue.pointer)
        } else {
            unsafe rd_kafka_queue_forward(own, nil)
        }
        unsafe rd_kafka_queue_destroy(own)
    }

    /// Stops fetching; what was prefetched but not read is dropped and fetched again after `resume`.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = TopicPartitionList(partitions)
        try KafkaError.check(unsafe rd_kafka_pause_partitions(client.pointer, list.pointer), "pausing")
        try list.checkEntries("pausing")
    }

    /// Fetches again, from the message after the last one read.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = TopicPartitionList(partitions)
        try KafkaError.check(unsafe rd_kafka_resume_partitions(client.pointer, list.pointer), "resuming")
        try list.checkEntries("resuming")
    }

    /// Reads partitions from other places whose reading has ended with an error, and which can therefore not be sought.
    ///
    /// - Parameter others: where to go on in all others that are assigned, needed where the group does not rebalance partition
    ///   by partition: what was prefetched of them is fetched again.
    /// - Returns: the partitions that were read no longer for a moment, and have to be forwarded anew.
    public func restart(
        _ places: [TopicPartitionOffset], others: [TopicPartitionOffset]
    ) throws(KafkaError) -> [TopicPartition] {
        // In two steps: when the second returns, librdkafka has carried out the first, which ends the forwarding.
        if isCooperative {
            try incrementalUnassign(places.map(\.topicPartition))
            try incrementalAssign(places)
            return places.map(\.topicPartition)
        }
        try unassign()
        try assign(places + others)
        return (places + others).map(\.topicPartition)
    }

    /// Moves partitions that are being read to other places; what was prefetched is dropped.
    public func seek(_ places: [TopicPartitionOffset], timeout: Duration = .seconds(10)) throws(KafkaError) {
        let list = TopicPartitionList(places)
        unsafe try KafkaError.check(
            unsafe rd_kafka_seek_partitions(client.pointer, list.pointer, timeout.milliseconds), "seeking")
        try list.checkEntries("seeking")
    }
}
