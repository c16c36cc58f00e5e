import Logging
import Model
import RDKafka
import Synchronization

/// Tells the log which brokers are away and which are back: without it a producer waits for ever and says nothing.
final class BrokerWatch: Sendable {
    private let outages = Mutex(BrokerOutages())
    private let logger: Logger
    private let properties: Redacted<[String: String]>

    /// - Parameter properties: the client's; looked up anew for its credentials.
    init(_ logger: Logger, properties: Redacted<[String: String]>) {
        self.logger = logger
        self.properties = properties
    }

    /// What the producer is to call.
    var handlers: ClientHandlers {
        ClientHandlers(
            onError: { self.note($0) }, onStatistics: { self.note(statistics: $0) },
            renewCredentials: { Credentials(of: try self.properties.renewed().reveal()) })
    }

    private func note(_ error: KafkaError) {
        outages.withLock { $0.note(error) }
        logger.log(
            level: error.isRetriable ? .info : .error, "Producer reports an error",
            metadata: ["kafka.error": "\(error)"])
    }

    private func note(statistics: String) {
        for news in outages.withLock({ $0.note(statistics: statistics) }) {
            let metadata = news.facts.mapValues { Logger.MetadataValue.string($0) }
            switch news {
            case .away:
                logger.warning(
                    "Broker cannot be reached, trying again; the source keeps its log until then", metadata: metadata)
            case .back: logger.notice("Broker is back", metadata: metadata)
            }
        }
    }
}
