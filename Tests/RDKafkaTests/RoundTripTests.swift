import RDKafka
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: ["none", "gzip", "snappy", "lz4", "zstd"])
    func keysHeadersTombstonesAndEmptyValuesSurvive(compression: String) throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let log = DeliveryLog()
        let producer = try producer(cluster, ["compression.codec": compression], onDelivery: log.record)
        let headers: [(String, [UInt8])] = [("a", [1, 0, 2]), ("b", []), ("a", [9])]
        try producer.send("t", key: "k1", value: "żółw", headers: headers, opaque: 7)
        try producer.send("t", key: "k1", value: nil, opaque: 8)
        try producer.send("t", value: "", opaque: UInt64.max)
        try producer.flush(timeout: .seconds(10))
        let reports = log.take()
        #expect(reports.map(\.opaque) == [7, 8, UInt64.max])
        #expect(reports.map(\.offset) == [0, 1, 2])
        #expect(reports.allSatisfy { $0.error == nil && $0.partition == 0 })

        let consumer = try consumer(cluster)
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, 0)])
        let messages = try read(3, from: queue)
        #expect(messages.map { text($0.key) } == ["k1", "k1", nil])
        #expect(messages.map { text($0.value) } == ["żółw", nil, ""])
        #expect(messages.map(\.place.offset) == [0, 1, 2])
        #expect(messages[0].headers.map(\.name) == ["a", "b", "a"])
        #expect(messages[0].headers.map(\.value) == [[1, 0, 2], [], [9]])
        #expect(messages.allSatisfy { ($0.timestamp ?? 0) > 1_500_000_000_000 })
        #expect(consumer.cachedWatermarks("t", 0)?.high == 3)
        #expect(try consumer.watermarks("t", 0, timeout: .seconds(5)) == (0, 3))
    }

    @Test func headersAreFoundByName() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try producer(cluster)
        try producer.send("t", value: "v", headers: [("id", Array("1".utf8)), ("empty", []), ("id", Array("2".utf8))])
        try producer.flush(timeout: .seconds(10))
        let consumer = try consumer(cluster)
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, TopicPartitionOffset.beginning)])
        let batch = try queue.consumeBatch(max: 10, timeout: .seconds(10))
        let count = batch.count
        try #require(count == 1)
        batch.withMessage(at: 0) { message in
            let id = message.header("id")
            #expect(id.map { String(decoding: $0, as: UTF8.self) } == "2")
            #expect(message.header("empty")?.count == 0)
            #expect(message.header("other") == nil)
            #expect(message.isMessage && message.topic == "t" && message.topicIdentity != 0)
        }
    }

    @Test func lanesReadTheirOwnPartitionsInOrder() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 4)
        let producer = try producer(cluster, ["compression.codec": "lz4"])
        for number in 0..<20_000 { try producer.send("t", Int32(number % 4), value: "\(number)") }
        try producer.flush(timeout: .seconds(20))

        let consumer = try consumer(cluster)
        let lanes = [consumer.makeQueue(), consumer.makeQueue()]
        for partition in 0..<4 { try consumer.forward("t", Int32(partition), to: lanes[partition % 2]) }
        try consumer.assign((0..<4).map { TopicPartitionOffset("t", $0, 0) })
        for (index, lane) in lanes.enumerated() {
            var next: [Int32: Int64] = [:]
            for message in try read(10_000, from: lane) {
                #expect(Int(message.place.partition) % 2 == index)
                #expect(message.place.offset == next[message.place.partition, default: 0])
                next[message.place.partition] = message.place.offset + 1
            }
            #expect(next.values.allSatisfy { $0 == 5000 } && next.count == 2)
        }
        #expect(try consumer.position((0..<4).map { TopicPartition("t", $0) }).allSatisfy { $0.offset == 5000 })
    }
}
