import Logging
import RDKafka
import Synchronization

/// Tells a person what the producer's client reports: brokers that are away, and errors that do not mend themselves.
final class ProducerNews: Sendable {
    private let logger: Logger
    private let outage = Mutex(BrokerOutage())
    private let isAway = Atomic<Bool>(false)

    init(_ logger: Logger) { self.logger = logger }

    /// An error of the client as a whole.
    func note(_ error: KafkaError) {
        guard BrokerOutage.isMeant(by: error) else {
            logger.error("the broker's client reports an error", metadata: ["kafka.error": "\(error)"])
            return
        }
        outage.withLock { $0.note(error) }
        isAway.store(true, ordering: .relaxed)
        remind()
    }

    /// Says again that a broker is away, when it is time.
    func remind() {
        guard isAway.load(ordering: .relaxed) else { return }
        let due = outage.withLock { outage in outage.due().map { ($0, outage.error) } }
        guard let (lasted, error) = due else { return }
        logger.warning(
            "Broker not reached, trying again; the slot holds what is not acknowledged",
            metadata: ["kafka.error": "\(error?.description ?? "")", "seconds": "\(lasted.components.seconds)"])
    }

    /// A broker has acknowledged an event.
    func delivered() {
        guard isAway.load(ordering: .relaxed), isAway.exchange(false, ordering: .relaxed) else { return }
        guard let lasted = outage.withLock({ $0.end() }) else { return }
        logger.notice("Broker reached again", metadata: ["seconds": "\(lasted.components.seconds)"])
    }
}
