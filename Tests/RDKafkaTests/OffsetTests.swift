import RDKafka
import Testing

@Suite struct OffsetTests {
    private func filled(_ count: Int) throws -> MockCluster {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try producer(cluster)
        for number in 0..<count { try producer.send("t", 0, value: "\(number)") }
        try producer.flush(timeout: .seconds(10))
        return cluster
    }

    @Test func readingStartsWhereToldAndSeeks() throws {
        let cluster = try filled(10)
        let consumer = try consumer(cluster)
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, 7)])
        #expect(try read(3, from: queue).map { text($0.value) } == ["7", "8", "9"])
        try consumer.seek([TopicPartitionOffset("t", 0, 2)])
        #expect(try read(8, from: queue).first?.place.offset == 2)
        try consumer.pause([TopicPartition("t", 0)])
        try consumer.seek([TopicPartitionOffset("t", 0, 5)])
        let whilePaused = try queue.consumeBatch(max: 10, timeout: .milliseconds(200)).count
        #expect(whilePaused == 0)
        try consumer.resume([TopicPartition("t", 0)])
        #expect(try read(5, from: queue).first?.place.offset == 5)
    }

    @Test func anOffsetThatIsNotInTheLogIsReportedAndNotJumpedOver() throws {
        let cluster = try filled(3)
        let consumer = try consumer(cluster)
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, 1000)])
        let answer = try read(1, from: queue)
        #expect(answer.count == 1 && answer.first?.error?.code == .autoOffsetReset)
        #expect(answer.first?.error?.message.contains("t[0]") == true)
        #expect(answer.first?.value == nil)
    }

    @Test func theEndOfAPartitionIsTold() throws {
        let cluster = try filled(2)
        let consumer = try consumer(cluster, ["enable.partition.eof": "true"])
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, 0)])
        let messages = try read(3, from: queue)
        #expect(messages.map { $0.error?.code } == [nil, nil, .partitionEOF])
    }

    @Test func adminListsTopicsAndOffsets() throws {
        let cluster = try filled(5)
        try cluster.createTopic("empty", partitions: 3)
        let admin = try Admin(Configuration(["bootstrap.servers": cluster.bootstrapServers]))
        let partitions = [TopicPartition("t", 0)] + (0..<3).map { TopicPartition("empty", $0) }
        let latest = try admin.listOffsets(partitions, at: .latest, timeout: .seconds(10))
        #expect(latest[TopicPartition("t", 0)] == 5 && latest[TopicPartition("empty", 2)] == 0)
        let earliest = try admin.listOffsets(partitions, at: .earliest, timeout: .seconds(10))
        #expect(earliest[TopicPartition("t", 0)] == 0)
        #expect(try admin.watermarks("t", 0, timeout: .seconds(5)).high == 5)
        let all = try admin.describeTopics(timeout: .seconds(10))
        #expect(all.topics["empty"]?.partitionCount == 3 && all.brokers.count == 1)
        let one = try admin.describeTopics(["t", "empty"], timeout: .seconds(10))
        #expect(Set(one.topics.keys) == ["t", "empty"])
    }

    @Test func aCallWithoutAnswerNamesWhatWasAsked() throws {
        let cluster = try MockCluster()
        let admin = try Admin(Configuration(["bootstrap.servers": cluster.bootstrapServers]))
        let error = #expect(throws: KafkaError.self) {
            try admin.createTopics([Admin.NewTopic("n", partitions: 1)], timeout: .milliseconds(300))
        }
        #expect(error?.message.contains("creating topics") == true)
    }
}
