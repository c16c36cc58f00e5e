import CRDKafka

extension Consumer {
    /// Commits the group's offsets (the next message to read of each partition).
    ///
    /// With `async` a failure comes as an `.error` event. For lag tools: progress that counts is kept elsewhere.
    public func commit(_ places: [TopicPartitionOffset], async: Bool) throws(KafkaError) {
        let list = TopicPartitionList(places)
        try KafkaError.check(
            unsafe rd_kafka_commit(client.pointer, list.pointer, async ? 1 : 0), "committing offsets")
        if !async { try list.checkEntries("committing") }
    }

    /// The group's committed offsets; `invalid` where there is none.
    public func committed(
        _ partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [TopicPartitionOffset] {
        let list = TopicPartitionList(partitions)
        try KafkaError.check(
            unsafe rd_kafka_committed(client.pointer, list.pointer, timeout.milliseconds), "reading committed offsets")
        try list.checkEntries("reading the committed offset of")
        return list.places
    }

    /// The offset after the last message read of each partition; `invalid` where nothing was read yet.
    public func position(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartitionOffset] {
        let list = TopicPartitionList(partitions)
        try KafkaError.check(unsafe rd_kafka_position(client.pointer, list.pointer), "reading positions")
        return list.places
    }

    /// Asks the broker for the offsets of the oldest message and after the newest one.
    public func watermarks(
        _ topic: String, _ partition: Int32, timeout: Duration
    ) throws(KafkaError) -> (low: Int64, high: Int64) {
        try client.watermarks(topic, partition, timeout: timeout)
    }

    /// The watermarks as of the last fetch, without asking; nil when nothing was fetched yet.
    public func cachedWatermarks(_ topic: String, _ partition: Int32) -> (low: Int64, high: Int64)? {
        var low: Int64 = -1
        var high: Int64 = -1
        let code = unsafe rd_kafka_get_watermark_offsets(client.pointer, topic, partition, &low, &high)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0 else { return nil }
        return (max(low, 0), high)
    }

    /// The first offset of each partition at or after a time in milliseconds since 1970 (given as `offset`); `end` if none.
    public func offsets(forTimes times: [TopicPartitionOffset], timeout: Duration) throws(KafkaError)
        -> [TopicPartitionOffset]
    {
        let list = TopicPartitionList(times)
        try KafkaError.check(
            unsafe rd_kafka_offsets_for_times(client.pointer, list.pointer, timeout.milliseconds),
            "reading offsets by time")
        try list.checkEntries("reading the offset by time of")
        return list.places
    }

    /// The topics' partitions; without names, of all topics of the cluster.
    public func metadata(_ topics: [String] = [], timeout: Duration) throws(KafkaError) -> ClusterMetadata {
        try client.metadata(topics, timeout: timeout)
    }
}
