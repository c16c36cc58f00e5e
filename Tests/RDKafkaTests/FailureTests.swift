import RDKafka
import Synchronization
import Testing

@Suite struct FailureTests {
    @Test func aWrongBrokerIsNamedInAnEvent() throws {
        let consumer = try Consumer(.groupConsumer(bootstrapServers: "127.0.0.1:1", group: "g"))
        try consumer.subscribe(["t"])
        let error: KafkaError? = try poll(consumer) { _, event in
            if case .error(let error) = event { error } else { nil }
        }
        #expect(error?.message.contains("127.0.0.1:1") == true)
        #expect(error?.isRetriable == true && error?.isFatal == false)
        #expect(throws: KafkaError.self) { try consumer.metadata(timeout: .milliseconds(300)) }
    }

    /// The client joins the group again by itself.
    @Test(arguments: [KafkaError.Code.unknownMember, .illegalGeneration, .rebalanceInProgress])
    func aMembershipThatHasEndedPasses(code: KafkaError.Code) throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let consumer = try consumer(cluster)
        cluster.pushRequestErrors(.offsetCommit, [code])
        let error = #expect(throws: KafkaError.self) {
            try consumer.commit([TopicPartitionOffset("t", 0, 1)], async: false)
        }
        #expect(error?.code == code && error?.isRetriable == true)
    }

    @Test(arguments: [
        KafkaError.Code.waitingForCoordinator, .networkException, .notEnoughReplicasAfterAppend, .fencedLeaderEpoch,
        .unknownLeaderEpoch,
    ])
    func whatPassesIsRetriable(code: KafkaError.Code) { #expect(KafkaError(code: code).isRetriable) }

    @Test func anUnknownTopicIsNamed() throws {
        let cluster = try MockCluster()
        cluster.setTopicError("t", .unknownTopicOrPartition)
        let consumer = try consumer(cluster)
        let metadata = try consumer.metadata(["t"], timeout: .seconds(10))
        #expect(metadata.topics["t"]?.error?.code == .unknownTopicOrPartition)
    }

    @Test func retriableErrorsOfTheBrokerAreRetriedWithoutDoubles() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        cluster.pushRequestErrors(.produce, [.notLeader, .requestTimedOut, .notEnoughReplicas])
        let log = DeliveryLog()
        let producer = try producer(
            cluster, ["enable.idempotence": "true", "retry.backoff.ms": "20"], onDelivery: log.record)
        for number in 0..<50 { try producer.send("t", 0, value: "\(number)", opaque: UInt64(number)) }
        try producer.flush(timeout: .seconds(20))
        #expect(log.take().allSatisfy { $0.error == nil })
        let consumer = try consumer(cluster)
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, 0)])
        #expect(try read(50, from: queue).map { text($0.value) } == (0..<50).map { "\($0)" })
    }

    @Test func aRefusedMessageIsReportedWithItsNumber() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        cluster.pushRequestErrors(.produce, [.messageTooLarge])
        let log = DeliveryLog()
        let producer = try producer(cluster, onDelivery: log.record)
        try producer.send("t", 0, value: "secret row", opaque: 42)
        try producer.flush(timeout: .seconds(10))
        let reports = log.take()
        #expect(reports.first?.opaque == 42 && reports.first?.error?.code == .messageTooLarge)
        #expect(reports.first?.offset == -1)
        #expect(reports.first?.error.map { "\($0)".contains("secret") } == false)
    }

    @Test func aFullQueueIsAnErrorToRetry() throws {
        let cluster = try MockCluster()
        try cluster.setBroker(up: false)
        let producer = try producer(cluster, ["queue.buffering.max.messages": "2", "message.timeout.ms": "500"])
        try producer.send("t", 0, value: "1")
        try producer.send("t", 0, value: "2")
        let error = #expect(throws: KafkaError.self) { try producer.send("t", 0, value: "3") }
        #expect(error?.code == .queueFull && error?.isRetriable == true)
        #expect(producer.outstanding >= 2)
    }

    @Test func aBrokerThatComesBackIsUsedAgain() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let settings = ["reconnect.backoff.ms": "20", "reconnect.backoff.max.ms": "100"]
        let producer = try producer(cluster, settings)
        let consumer = try consumer(cluster, settings)
        let queue = consumer.makeQueue()
        try consumer.forward("t", 0, to: queue)
        try consumer.assign([TopicPartitionOffset("t", 0, 0)])
        try producer.send("t", 0, value: "before")
        try producer.flush(timeout: .seconds(10))
        #expect(try read(1, from: queue).count == 1)
        try cluster.setBroker(up: false)
        let down: KafkaError? = try poll(consumer) { _, event in
            if case .error(let error) = event { error } else { nil }
        }
        #expect(down?.isRetriable == true)
        try producer.send("t", 0, value: "after")
        try cluster.setBroker(up: true)
        try producer.flush(timeout: .seconds(20))
        #expect(try read(1, from: queue).map { text($0.value) } == ["after"])
    }

    @Test func statisticsComeAsEvents() throws {
        let cluster = try MockCluster()
        let consumer = try consumer(cluster, ["statistics.interval.ms": "50"])
        let json: String? = try poll(consumer) { _, event in
            if case .statistics(let json) = event { json } else { nil }
        }
        #expect(json?.contains("\"brokers\"") == true)
        let seen = Atomic<Int>(0)
        let producer = try Producer(
            Configuration(["bootstrap.servers": cluster.bootstrapServers, "statistics.interval.ms": "50"]),
            handlers: ClientHandlers(onStatistics: { _ in seen.add(1, ordering: .relaxed) }))
        let deadline = ContinuousClock.now + .seconds(10)
        while seen.load(ordering: .relaxed) == 0 && ContinuousClock.now < deadline {
            producer.poll(timeout: .milliseconds(100))
        }
        #expect(seen.load(ordering: .relaxed) > 0)
    }
}
