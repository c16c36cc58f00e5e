import Logging
import Model
import RDKafka

/// Hands events to librdkafka, waiting when its queue is full, and knows which are acknowledged.
final class EventProducer {
    private let producer: Producer
    let tracker: AcknowledgementTracker
    /// Called now and then while waiting for room, so that the database does not think us dead. Throws to give up.
    var whileWaiting: () throws -> Void = {}
    private(set) var events = 0
    private(set) var bytes = 0

    /// Properties that a capture needs unless told otherwise: nothing lost, doubled or reordered by retries; the same
    /// partition for a key as a Java producer chooses; large batches.
    private static let defaults = [
        "client.id": "tidegate-capture", "enable.idempotence": "true", "acks": "all", "message.timeout.ms": "0",
        "partitioner": "murmur2_random", "compression.codec": "lz4", "linger.ms": "5", "batch.size": "1000000",
        "batch.num.messages": "20000", "queue.buffering.max.messages": "500000", "queue.buffering.max.kbytes": "131072",
        "message.max.bytes": "64000000", "topic.metadata.refresh.interval.ms": "60000",
        "reconnect.backoff.max.ms": "2000",
        "statistics.interval.ms": String(BrokerOutages.interval.components.seconds * 1000),
    ]

    init(_ properties: Redacted<[String: String]>, logger: Logger) throws(KafkaError) {
        let tracker = AcknowledgementTracker()
        self.tracker = tracker
        producer = try Producer(
            Configuration(Self.current(properties)).withoutConsumerProperties().withDefaults(EventProducer.defaults),
            handlers: BrokerWatch(logger, properties: properties).handlers
        ) { report in
            let isTooLarge = report.error?.code == .messageTooLarge
            tracker.delivered(
                report.opaque,
                failure: report.error.map { isTooLarge ? CaptureError.tooLarge(report.bytes, $0) : $0 as any Error })
        }
    }

    /// The properties as they are now: a session may begin long after the first one did.
    private static func current(_ properties: Redacted<[String: String]>) throws(KafkaError) -> [String: String] {
        do {
            return try properties.renewed().reveal()
        } catch {
            throw KafkaError(
                code: .authentication, message: "the producer's properties cannot be looked up: \(error)",
                isRetriable: true)
        }
    }

    /// The handle of a topic.
    func topic(_ name: String) throws(KafkaError) -> ProducerTopic { try producer.topic(name) }

    /// Queues an event. Its bytes are copied.
    func send(
        to topic: ProducerTopic, partition: Int32? = nil, key: Bytes?, value: Bytes?, headers: [(String, [UInt8])] = []
    ) throws {
        let number = tracker.produced()
        while true {
            do {
                try producer.produce(
                    to: topic, partition: partition, key: key, value: value, headers: headers,
                    opaque: number)
                events += 1
                bytes += value?.count ?? 0
                return
            } catch {
                if error.code == .messageTooLarge {
                    throw CaptureError.tooLarge((key?.count ?? 0) + (value?.count ?? 0), error)
                }
                guard error.code == .queueFull else { throw error }
                producer.poll(timeout: .milliseconds(100))
                try check()
                try whileWaiting()
            }
        }
    }

    /// Serves delivery reports.
    ///
    /// - Throws: why an event will never be delivered.
    func poll() throws {
        producer.poll()
        try check()
    }

    private func check() throws {
        if let failure = tracker.failure { throw failure }
        if let fatal = producer.fatalError { throw fatal }
    }

    /// Waits until all is acknowledged, for `timeout` at most.
    func flush(timeout: Duration) throws {
        try producer.flush(timeout: timeout)
        try check()
    }
}
