import CRDKafka

extension Admin {
    /// Which end of a partition.
    public enum End: Sendable {
        /// The oldest message's offset.
        case earliest
        /// The offset after the newest message.
        case latest
    }

    /// The topics' partitions; without names, of all topics of the cluster.
    public func describeTopics(_ names: [String] = [], timeout: Duration) throws(KafkaError) -> ClusterMetadata {
        try inTurns(timeout) { timeout throws(KafkaError) in try client.metadata(names, timeout: timeout) }
    }

    /// The offsets at one end of many partitions, with one request per broker.
    public func listOffsets(
        _ partitions: [TopicPartition], at end: End, timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        // In this request the offset field carries a timestamp, and -2 and -1 mean the ends.
        let list = TopicPartitionList(partitions, offset: end == .earliest ? -2 : -1)
        try KafkaError.check(
            unsafe rd_kafka_offsets_for_times(client.pointer, list.pointer, timeout.milliseconds), "listing offsets")
        try list.checkEntries("listing the offset of")
        return Dictionary(uniqueKeysWithValues: list.places.map { ($0.topicPartition, $0.offset) })
    }

    /// The offsets of the oldest message and after the newest one, of one partition.
    public func watermarks(
        _ topic: String, _ partition: Int32, timeout: Duration
    ) throws(KafkaError) -> (low: Int64, high: Int64) {
        try inTurns(timeout) { timeout throws(KafkaError) in
            try client.watermarks(topic, partition, timeout: timeout)
        }
    }
}
