import Foundation
import RDKafka
import Sandbox
import TestSupport

/// Reads whole topics.
enum Topics {
    /// All messages of the topics, each topic's in the order of partition and offset.
    static func read(_ names: [String], from broker: EmbeddedBroker) throws -> [CapturedEvent] {
        try readWithPartitions(names, from: broker).map(\.event)
    }

    /// The same, each with the partition it was in.
    static func readWithPartitions(
        _ names: [String], from broker: EmbeddedBroker
    ) throws -> [(event: CapturedEvent, partition: Int32)] {
        let consumer = try Consumer(
            Configuration([
                "bootstrap.servers": broker.bootstrapServers, "group.id": "reader-\(UUID())",
                "enable.partition.eof": "true", "fetch.wait.max.ms": "10",
            ]))
        defer { consumer.close() }
        let queue = consumer.makeQueue()
        var places: [TopicPartitionOffset] = []
        for name in names {
            let metadata = try consumer.metadata([name], timeout: .seconds(10))
            for partition in 0..<Int32(metadata.topics[name]?.partitionCount ?? 0) {
                try consumer.forward(name, partition, to: queue)
                places.append(TopicPartitionOffset(name, partition, 0))
            }
        }
        try consumer.assign(places)
        var messages: [ReceivedMessage] = []
        var ended = 0
        try waitUntil("the ends of \(names)") {
            let batch = try queue.consumeBatch(max: 10_000, timeout: .milliseconds(200))
            batch.forEach { message in
                if message.error?.code == .partitionEOF { ended += 1 }
                if message.isMessage { messages.append(ReceivedMessage(copying: message)) }
            }
            return ended >= places.count
        }
        messages.sort { left, right in
            (left.place.topic, left.place.partition, left.place.offset)
                < (right.place.topic, right.place.partition, right.place.offset)
        }
        return messages.map { message in
            let event = CapturedEvent(
                topic: message.place.topic, key: message.key.map { String(decoding: $0, as: UTF8.self) },
                value: message.value.map { String(decoding: $0, as: UTF8.self) },
                headers: message.headers.map { ($0.name, String(decoding: $0.value ?? [], as: UTF8.self)) })
            return (event, message.place.partition)
        }
    }
}
