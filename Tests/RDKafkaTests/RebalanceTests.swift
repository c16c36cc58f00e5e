import RDKafka
import Testing

@Suite struct RebalanceTests {
    @Test(arguments: ["range", "cooperative-sticky"])
    func twoMembersShareThePartitions(strategy: String) throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 4)
        let settings = [
            "partition.assignment.strategy": strategy, "session.timeout.ms": "6000", "heartbeat.interval.ms": "200",
        ]
        let members = [try consumer(cluster, settings), try consumer(cluster, settings)]
        var held: [Set<TopicPartition>] = [[], []]
        var revocations = 0
        func serve(_ index: Int, _ event: ConsumerEvent) throws -> Bool? {
            switch event {
            case .assign(let partitions):
                try members[index].accept(partitions.map { $0.at(0) })
                held[index].formUnion(partitions)
            case .revoke(let partitions, let lost):
                #expect(!lost)
                revocations += 1
                held[index].subtract(partitions)
                try members[index].release(partitions)
            default: break
            }
            return held[0].union(held[1]).count == 4 && !held[1].isEmpty ? true : nil
        }
        try members[0].subscribe(["t"])
        let alone: Bool? = try poll(members[0]) { index, event in
            _ = try serve(index, event)
            return held[0].count == 4 ? true : nil
        }
        #expect(alone == true)
        #expect(members[0].isCooperative == (strategy == "cooperative-sticky"))
        try members[1].subscribe(["t"])
        let shared = try poll(members[0], members[1], within: .seconds(40), until: serve)
        #expect(shared == true)
        #expect(held[0].isDisjoint(with: held[1]) && held[0].count == 2 && held[1].count == 2)
        #expect(revocations >= 1)
        #expect(Set(try members[1].assignment()) == held[1])
        for member in members { member.close() }
    }

    @Test func aRevokedPartitionWaitsForItsOwner() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let consumer = try consumer(cluster)
        let queue = consumer.makeQueue()
        try consumer.subscribe(["t"])
        let assigned: [TopicPartition]? = try poll(consumer) { _, event in
            if case .assign(let partitions) = event { partitions } else { nil }
        }
        #expect(assigned == [TopicPartition("t", 0)])
        try consumer.forward("t", 0, to: queue)
        try consumer.accept([TopicPartitionOffset("t", 0, 0)])
        let producer = try producer(cluster)
        try producer.send("t", value: "1")
        try producer.flush(timeout: .seconds(10))
        #expect(try read(1, from: queue).count == 1)
        try consumer.unsubscribe()
        let revoked: [TopicPartition]? = try poll(consumer) { _, event in
            if case .revoke(let partitions, _) = event { partitions } else { nil }
        }
        #expect(revoked == assigned)
        // The owner still holds it, and can commit.
        #expect(try consumer.assignment() == assigned)
        try consumer.commit([TopicPartitionOffset("t", 0, 1)], async: false)
        try consumer.release(revoked ?? [])
        #expect(try consumer.assignment().isEmpty)
        #expect(try consumer.committed([TopicPartition("t", 0)], timeout: .seconds(10)).map(\.offset) == [1])
    }

    @Test func topicsAreFoundByPattern() throws {
        let cluster = try MockCluster()
        for name in ["shop.public.a", "shop.public.b", "other"] { try cluster.createTopic(name, partitions: 1) }
        let consumer = try consumer(cluster)
        try consumer.subscribe(["^shop\\.public\\..*"])
        let assigned: [TopicPartition]? = try poll(consumer) { _, event in
            if case .assign(let partitions) = event { partitions } else { nil }
        }
        #expect(assigned?.map(\.topic).sorted() == ["shop.public.a", "shop.public.b"])
    }

    @Test func closingWhileAssignedDoesNotHang() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let consumer = try consumer(cluster)
        try consumer.subscribe(["t"])
        let assigned: Bool? = try poll(consumer) { _, event in
            if case .assign(let partitions) = event {
                try consumer.accept(partitions.map { $0.at(0) })
                return true
            }
            return nil
        }
        #expect(assigned == true)
        consumer.close()
        consumer.close()
    }
}
