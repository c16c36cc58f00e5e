import CRDKafka

/// Owns a `rd_kafka_topic_partition_list_t`.
@safe struct TopicPartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ places: [TopicPartitionOffset]) {
        unsafe pointer = rd_kafka_topic_partition_list_new(Int32(places.count))
        for place in places {
            let entry = unsafe rd_kafka_topic_partition_list_add(pointer, place.topic, place.partition)
            unsafe entry?.pointee.offset = place.offset
        }
    }

    init(_ partitions: [TopicPartition], offset: Int64 = TopicPartitionOffset.invalid) {
        self.init(partitions.map { $0.at(offset) })
    }

    init(taking pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe rd_kafka_topic_partition_list_destroy(pointer) }

    var places: [TopicPartitionOffset] { unsafe Self.places(of: pointer) }

    /// The first entry that carries an error of its own.
    func checkEntries(_ operation: String) throws(KafkaError) {
        for index in 0..<Int(unsafe pointer.pointee.cnt) {
            let entry = unsafe pointer.pointee.elems[index]
            try KafkaError.check(
                unsafe entry.err, unsafe "\(operation) \(String(cString: entry.topic))[\(entry.partition)]")
        }
    }

    static func places(
        of list: UnsafePointer<rd_kafka_topic_partition_list_t>
    ) -> [TopicPartitionOffset] {
        (0..<Int(unsafe list.pointee.cnt)).map { index in
            let entry = unsafe list.pointee.elems[index]
            return unsafe TopicPartitionOffset(String(cString: entry.topic), entry.partition, entry.offset)
        }
    }
}
