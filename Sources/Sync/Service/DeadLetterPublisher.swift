import Foundation
internal import Ledger
internal import LibPQ
internal import Logging
internal import Model
internal import Playbook
internal import RDKafka

/// Copies events of the quarantine to the dead-letter topic, after the commit that set them aside, with the headers that
/// Kafka Connect's sinks give theirs. The stream never waits for it.
final class DeadLetterPublisher {
    private let topic: String
    private let connector: String
    private let options: SyncOptions
    private let logger: Logger
    private let deliveries = DeliveryLog()
    private var connection: Connection?
    private var lastError = ""
    private static let atOnce = 500

    /// A publisher to a topic; nothing is opened yet.
    init(to topic: String, playbook: CompiledPlaybook, options: SyncOptions, logger: Logger) {
        self.topic = topic
        connector = "tidegate-\(playbook.name)"
        self.options = options
        self.logger = logger
    }

    /// Publishes until it is told to stop; then once more what there is.
    func run(until isStopped: () -> Bool) {
        var backoff = Backoff(ceilingMilliseconds: 30_000)
        var producer: Producer?
        while true {
            let isLast = isStopped()
            var wait = Duration.milliseconds(500)
            do {
                let open = try producer ?? makeProducer()
                producer = open.fatalError == nil ? open : nil
                if try publish(with: open) { backoff.succeed() } else { wait = backoff.fail() }
            } catch {
                note("\(error)")
                connection = nil
                wait = backoff.fail()
            }
            if isLast { break }
            let end = ContinuousClock.now + wait
            while ContinuousClock.now < end, !isStopped() { Thread.sleep(forTimeInterval: 0.05) }
        }
        connection?.close()
    }

    /// Publishes what is not published, and marks it.
    ///
    /// - Returns: whether the broker took all of it, but for what it will never take.
    func publish(with producer: Producer) throws -> Bool {
        let open = try connection ?? Connection(options.target, applicationName: "tidegate dead letters")
        connection = open
        let letters = DeadLetters(on: open, of: options.flow)
        guard try letters.takeTurn() else { return true }
        while true {
            let next = try letters.unpublished(limit: Self.atOnce)
            if next.isEmpty { return true }
            let failed = deliver(next, with: producer)
            try letters.mark(
                published: next.map(\.id).filter { failed[$0] == nil },
                failed: failed.mapValues { ("\($0)", $0.code == .messageTooLarge) })
            let passing = failed.values.first { $0.code != .messageTooLarge }
            if let error = passing ?? failed.values.first { note("\(error)") } else { lastError = "" }
            if passing != nil { return false }
        }
    }

    /// Sends letters and waits for the broker.
    ///
    /// - Returns: why some were not delivered, by the events' numbers.
    func deliver(_ letters: [DeadLetter], with producer: Producer) -> [Int64: KafkaError] {
        _ = deliveries.take()
        var failed: [Int64: KafkaError] = [:]
        for letter in letters {
            do {
                try send(letter, producer)
            } catch {
                failed[letter.id] = error
            }
        }
        try? producer.flush(timeout: .seconds(15))
        let reports = Dictionary(deliveries.take().map { ($0.opaque, $0) }) { _, last in last }
        for letter in letters where failed[letter.id] == nil {
            if let report = reports[UInt64(letter.id)] {
                failed[letter.id] = report.error
            } else {
                failed[letter.id] = KafkaError(code: .timedOut, message: "no acknowledgement from \(topic) in time")
            }
        }
        return failed
    }

    private func send(_ letter: DeadLetter, _ producer: Producer) throws(KafkaError) {
        // An empty array has no address, and no address means no value.
        let nothing = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 1), count: 0)
        let result = (letter.key ?? []).withUnsafeBytes { key -> KafkaError? in
            (letter.value ?? []).withUnsafeBytes { value -> KafkaError? in
                do throws(KafkaError) {
                    try producer.produce(
                        topic: topic, key: letter.key.map { $0.isEmpty ? nothing : key },
                        value: letter.value.map { $0.isEmpty ? nothing : value },
                        headers: letter.headers + headers(of: letter), opaque: UInt64(letter.id))
                    return nil
                } catch { return error }
            }
        }
        if let result { throw result }
    }

    /// The names are those of `org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter`.
    private func headers(of letter: DeadLetter) -> [(String, [UInt8])] {
        let isUndecodable = letter.reason == "undecodable"
        var texts = [
            ("__connect.errors.topic", letter.topic), ("__connect.errors.partition", "\(letter.partition)"),
            ("__connect.errors.offset", "\(letter.offset)"), ("__connect.errors.connector.name", connector),
            ("__connect.errors.task.id", "0"),
            ("__connect.errors.stage", isUndecodable ? "VALUE_CONVERTER" : "TASK_PUT"),
            ("__connect.errors.class.name", isUndecodable ? "tidegate.EventDecoder" : "tidegate.BatchApplier"),
            (
                "__connect.errors.exception.class.name",
                "tidegate.\(letter.sqlState.map { "SQLSTATE_\($0)" } ?? letter.reason)"
            ),
            ("__connect.errors.exception.message", letter.message),
            ("__connect.errors.exception.stacktrace", "\(letter.reason): \(letter.message)"),
            ("tidegate.correlation.id", "\(letter.topic)[\(letter.partition)]@\(letter.offset)"),
            ("tidegate.quarantine.id", "\(letter.id)"), ("tidegate.reason", letter.reason),
        ]
        if let entity = letter.entity { texts.append(("tidegate.entity", entity)) }
        if let sqlState = letter.sqlState { texts.append(("tidegate.sqlstate", sqlState)) }
        return texts.map { ($0, Array($1.utf8)) }
    }

    func makeProducer() throws -> Producer {
        let properties = Configuration(options.kafka.reveal()).withoutConsumerProperties()
        return try Producer(
            properties.overridden(by: ["enable.idempotence": "true", "acks": "all"])
                .withDefaults(["client.id": "tidegate-dead-letters", "message.timeout.ms": "10000", "linger.ms": "5"]),
            onDelivery: deliveries.record)
    }

    private func note(_ error: String) {
        guard error != lastError else { return }
        lastError = error
        logger.warning(
            "dead letters not published, trying again; the quarantine has them",
            metadata: ["kafka.topic": "\(topic)", "error": "\(error)"])
    }
}
