import RDKafka
import Testing

@Suite struct TransactionTests {
    @Test func committedMessagesAndOffsetsArrive() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try producer(cluster, ["transactional.id": "tx"])
        try producer.initTransactions(timeout: .seconds(10))
        try producer.beginTransaction()
        for number in 0..<3 { try producer.send("t", 0, value: "\(number)") }
        let consumer = try consumer(cluster)
        try consumer.subscribe(["t"])
        let assigned: [TopicPartition]? = try poll(consumer) { _, event in
            if case .assign(let partitions) = event { partitions } else { nil }
        }
        #expect(assigned?.count == 1)
        try producer.sendOffsets([TopicPartitionOffset("t", 0, 3)], of: consumer, timeout: .seconds(10))
        try producer.commitTransaction(timeout: .seconds(10))
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.accept([TopicPartitionOffset("t", 0, 0)])
        #expect(try read(3, from: queue).map { text($0.value) } == ["0", "1", "2"])
        try producer.beginTransaction()
        try producer.abortTransaction(timeout: .seconds(10))
    }

    @Test func theErrorSaysWhatToDoNext() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try producer(cluster, ["transactional.id": "tx"])
        try producer.initTransactions(timeout: .seconds(10))
        try producer.beginTransaction()
        try producer.send("t", 0, value: "x")
        cluster.pushRequestErrors(.endTransaction, [.topicAuthorizationFailed])
        let error = #expect(throws: KafkaError.self) { try producer.commitTransaction(timeout: .seconds(10)) }
        #expect(error?.requiresAbort == true && error?.isFatal == false)
        try producer.abortTransaction(timeout: .seconds(10))
    }

    @Test func transactionsNeedAnId() throws {
        let cluster = try MockCluster()
        let producer = try producer(cluster)
        let error = #expect(throws: KafkaError.self) { try producer.initTransactions(timeout: .seconds(1)) }
        #expect(error?.message.contains("transactional.id") == true)
    }
}
