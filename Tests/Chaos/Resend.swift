import RDKafka
import TestSupport

/// What a connector does that dies before its place was noted: the last events of each partition come once more, in their
/// order within the partition, and topics in any order.
struct Resend {
    private let place: Place

    init(_ place: Place) { self.place = place }

    /// Sends them.
    ///
    /// - Parameter stop: stops the connector; it starts again later.
    func run(after stop: () -> Void, _ generator: inout SeededGenerator) throws {
        stop()
        let ends = try place.logEnds().filter { $0.value > 0 }
        guard !ends.isEmpty else { return }
        let starts = Dictionary(
            uniqueKeysWithValues: ends.sorted { "\($0.key)" < "\($1.key)" }.map { partition, end in
                (partition, max(0, end - Int64.random(in: 1...60, using: &generator)))
            })
        let found = try read(starts, ends)
        let producer = try Producer(
            Configuration(["bootstrap.servers": place.broker.bootstrapServers, "enable.idempotence": "true"]))
        for topic in Place.topics.keys.sorted().shuffled(using: &generator) {
            for message in found where message.place.topic == topic {
                try (message.key ?? []).withUnsafeBytes { key in
                    try (message.value ?? []).withUnsafeBytes { value in
                        try producer.produce(
                            topic: topic, partition: message.place.partition, key: message.key == nil ? nil : key,
                            value: message.value == nil ? nil : value,
                            headers: message.headers.map { ($0.name, $0.value ?? []) }, timestamp: message.timestamp)
                    }
                }
            }
            try producer.flush(timeout: .seconds(30))
        }
    }

    private func read(
        _ starts: [TopicPartition: Int64], _ ends: [TopicPartition: Int64]
    ) throws -> [ReceivedMessage] {
        let consumer = try Consumer(
            Configuration([
                "bootstrap.servers": place.broker.bootstrapServers, "group.id": "chaos", "fetch.wait.max.ms": "10",
            ]))
        defer { consumer.close() }
        let queue = consumer.makeQueue()
        for partition in starts.keys { try consumer.forward(partition.topic, partition.partition, to: queue) }
        try consumer.assign(starts.map { $0.key.at($0.value) })
        var left = starts.reduce(into: 0) { $0 += Int((ends[$1.key] ?? 0) - $1.value) }
        var found: [ReceivedMessage] = []
        let deadline = ContinuousClock.now + .seconds(30)
        while left > 0 {
            guard ContinuousClock.now < deadline else { throw Unexpected(description: "\(left) events not read again") }
            try queue.consumeBatch(max: 1000, timeout: .milliseconds(200)).forEach { borrowed in
                let message = ReceivedMessage(copying: borrowed)
                let partition = message.place.topicPartition
                guard message.error == nil, message.place.offset < ends[partition, default: 0] else { return }
                found.append(message)
                left -= 1
            }
        }
        return found
    }
}
