import Foundation
import Model
import RDKafka

/// Asks the broker where partitions begin and end.
struct LogEnds: Sendable {
    private let admin: Admin
    private static let patience = Duration.seconds(20)

    init(_ properties: Redacted<[String: String]>) throws {
        admin = try Admin(
            Configuration(properties.reveal()),
            renewCredentials: { Credentials(of: try properties.renewed().reveal()) })
    }

    /// The same as `read`; a leader that moves or a broker that is away for a moment is waited for.
    @Sendable func readPatiently(_ topic: String) throws -> [Model.TopicPartition: PartitionProgress.Bound] {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            do {
                return try read(topic)
            } catch let error as KafkaError where error.isRetriable && ContinuousClock.now < deadline {
                Thread.sleep(forTimeInterval: 0.2)
            }
        }
    }

    /// The ends of a topic's partitions; none for a topic that does not exist.
    @Sendable func read(_ topic: String) throws -> [Model.TopicPartition: PartitionProgress.Bound] {
        guard let found = try admin.describeTopics([topic], timeout: Self.patience).topics[topic] else { return [:] }
        if let error = found.error {
            if error.code == .unknownTopicOrPartition || error.code == .unknownTopic { return [:] }
            throw error
        }
        var ends: [Model.TopicPartition: PartitionProgress.Bound] = [:]
        for partition in 0..<Int32(found.partitionCount) {
            let marks = try admin.watermarks(topic, partition, timeout: Self.patience)
            let place = Model.TopicPartition(topic: topic, partition: partition)
            ends[place] = PartitionProgress.Bound(low: marks.low, end: marks.high)
        }
        return ends
    }
}
