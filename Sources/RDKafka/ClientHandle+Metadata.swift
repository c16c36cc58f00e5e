import CRDKafka

extension ClientHandle {
    func watermarks(
        _ topic: String, _ partition: Int32, timeout: Duration
    ) throws(KafkaError) -> (low: Int64, high: Int64) {
        var low: Int64 = -1
        var high: Int64 = -1
        try KafkaError.check(
            unsafe rd_kafka_query_watermark_offsets(
                pointer, topic, partition, &low, &high, timeout.milliseconds),
            "reading the watermarks of \(topic)[\(partition)]")
        return (low, high)
    }

    /// librdkafka asks for one topic or for all, so several are picked out of all.
    func metadata(_ topics: [String], timeout: Duration) throws(KafkaError) -> ClusterMetadata {
        var single: OpaquePointer?
        if topics.count == 1 { unsafe single = rd_kafka_topic_new(pointer, topics[0], nil) }
        defer { if let single = unsafe single { unsafe rd_kafka_topic_destroy(single) } }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let all: Int32 = unsafe single == nil ? 1 : 0
        try KafkaError.check(
            unsafe rd_kafka_metadata(pointer, all, single, &answer, timeout.milliseconds), "reading metadata")
        guard let answer = unsafe answer else { return ClusterMetadata(brokers: [], topics: [:]) }
        defer { unsafe rd_kafka_metadata_destroy(answer) }
        let wanted = Set(topics)
        var found: [String: ClusterMetadata.Topic] = [:]
        for index in 0..<Int(unsafe answer.pointee.topic_cnt) {
            let topic = unsafe answer.pointee.topics[index]
            let name = unsafe String(cString: topic.topic)
            guard wanted.isEmpty || wanted.contains(name) else { continue }
            let code = unsafe topic.err
            found[name] = unsafe ClusterMetadata.Topic(
                name: name, partitionCount: Int(topic.partition_cnt),
                error: code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code))
        }
        for name in wanted where found[name] == nil {
            found[name] = ClusterMetadata.Topic(
                name: name, partitionCount: 0,
                error: KafkaError(code: .unknownTopicOrPartition, message: "there is no topic \(name)"))
        }
        let brokers = (0..<Int(unsafe answer.pointee.broker_cnt)).map { index in
            let broker = unsafe answer.pointee.brokers[index]
            return unsafe ClusterMetadata.Broker(
                id: broker.id, host: String(cString: broker.host), port: Int(broker.port))
        }
        return ClusterMetadata(brokers: brokers, topics: found)
    }
}
