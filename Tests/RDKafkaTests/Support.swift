import Foundation
import RDKafka
import Testing

/// Reads a queue until it has given `count` messages, or fails after a deadline.
func read(_ count: Int, from queue: MessageQueue, within limit: Duration = .seconds(20)) throws -> [ReceivedMessage] {
    var found: [ReceivedMessage] = []
    let deadline = ContinuousClock.now + limit
    while found.count < count && ContinuousClock.now < deadline {
        let batch = try queue.consumeBatch(max: 1000, timeout: .milliseconds(200))
        batch.forEach { found.append(ReceivedMessage(copying: $0)) }
    }
    #expect(found.count >= count)
    return found
}

/// Polls until `test` finds what it looks for, or returns nil after a deadline.
func poll<Found>(
    _ consumers: Consumer..., within limit: Duration = .seconds(20), until test: (Int, ConsumerEvent) throws -> Found?
) throws -> Found? {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        for (index, consumer) in consumers.enumerated() {
            if let event = consumer.poll(timeout: .milliseconds(20)), let found = try test(index, event) {
                return found
            }
        }
    }
    return nil
}

extension Producer {
    /// Produces strings.
    func send(
        _ topic: String, _ partition: Int32? = nil, key: String? = nil, value: String?,
        headers: [(String, [UInt8])] = [], opaque: UInt64 = 0
    ) throws {
        let key = key.map { Array($0.utf8) }
        let value = value.map { Array($0.utf8) }
        try withBytes(key) { key in
            try withBytes(value) { value in
                try produce(
                    topic: topic, partition: partition, key: key, value: value, headers: headers, opaque: opaque)
            }
        }
    }

    private func withBytes(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> Void) throws {
        guard let bytes else { return try body(nil) }
        try bytes.withUnsafeBytes { buffer in
            // An empty array has no address, and no address means no value.
            if buffer.baseAddress != nil {
                try body(buffer)
            } else {
                try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) {
                    try body(UnsafeRawBufferPointer(rebasing: $0[0..<0]))
                }
            }
        }
    }
}

func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

func consumer(
    _ cluster: MockCluster, group: String = "g", _ others: [String: String] = [:]
) throws -> Consumer {
    let configuration = Configuration.groupConsumer(bootstrapServers: cluster.bootstrapServers, group: group)
    return try Consumer(configuration.overridden(by: others))
}

func producer(
    _ cluster: MockCluster, _ others: [String: String] = [:],
    onDelivery: @escaping @Sendable (DeliveryReport) -> Void = { _ in }
) throws -> Producer {
    let configuration = Configuration(["bootstrap.servers": cluster.bootstrapServers, "linger.ms": "1"])
    return try Producer(configuration.overridden(by: others), onDelivery: onDelivery)
}
