import CRDKafka
import Synchronization

/// What librdkafka's callbacks reach through the opaque pointer: handlers, and for a consumer its list of events.
///
/// Callbacks other than `log` run on the thread that polls, so the list holds at most what one poll has served.
final class ClientCallbacks: Sendable {
    let handlers: ClientHandlers
    let onDelivery: (@Sendable (DeliveryReport) -> Void)?
    /// A consumer's news become events of `Consumer.poll`, which is made to return for them. Not so a producer: a yield would
    /// also end `flush` before its time.
    let isConsumer: Bool
    private let events = Mutex<[ConsumerEvent]>([])
    private let closing = Atomic<Bool>(false)

    init(handlers: ClientHandlers, onDelivery: (@Sendable (DeliveryReport) -> Void)? = nil) {
        self.handlers = handlers
        self.onDelivery = onDelivery
        isConsumer = onDelivery == nil
    }

    func append(_ event: ConsumerEvent) { events.withLock { $0.append(event) } }

    func nextEvent() -> ConsumerEvent? {
        events.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// From now on partitions taken away are given up at once, since nobody polls any more.
    func startClosing() { closing.store(true, ordering: .sequentiallyConsistent) }

    var isClosing: Bool { closing.load(ordering: .sequentiallyConsistent) }

    static func from(_ opaque: UnsafeMutableRawPointer?) -> ClientCallbacks? {
        guard let opaque = unsafe opaque else { return nil }
        return unsafe Unmanaged<ClientCallbacks>.fromOpaque(opaque).takeUnretainedValue()
    }

    /// Registers the callbacks that every kind of client has.
    func register(on native: OpaquePointer) {
        unsafe rd_kafka_conf_set_log_cb(native) { client, level, facility, text in
            guard let callbacks = unsafe ClientCallbacks.from(rd_kafka_opaque(client)),
                let log = callbacks.handlers.log, let facility = unsafe facility, let text = unsafe text
            else { return }
            unsafe log(Int(level), String(cString: facility), String(cString: text))
        }
        unsafe rd_kafka_conf_set_error_cb(native) { client, code, reason, opaque in
            guard let callbacks = unsafe ClientCallbacks.from(opaque), let client = unsafe client else { return }
            let text = unsafe reason.map { unsafe String(cString: $0) } ?? ""
            let number = KafkaError.Code(rawValue: code)
            callbacks.report(KafkaError(code: number, message: text, isFatal: number == .fatal))
            if number == .authentication { unsafe callbacks.renewCredentials(of: client) }
            if callbacks.isConsumer { unsafe rd_kafka_yield(client) }
        }
        unsafe rd_kafka_conf_set_stats_cb(native) { client, json, length, opaque in
            guard let callbacks = unsafe ClientCallbacks.from(opaque), let json = unsafe json else { return 0 }
            let bytes = unsafe UnsafeRawBufferPointer(start: json, count: length)
            callbacks.report(statistics: unsafe String(decoding: bytes, as: UTF8.self))
            if callbacks.isConsumer { unsafe rd_kafka_yield(client) }
            return 0
        }
    }

    /// librdkafka uses what is set here "the next time this client needs to authenticate to a broker"
    /// (rd_kafka_sasl_set_credentials), and tries again by itself.
    private func renewCredentials(of client: OpaquePointer) {
        do {
            guard let new = try handlers.renewCredentials?() else { return }
            unsafe try KafkaError.check(
                rd_kafka_sasl_set_credentials(client, new.username, new.password), "setting new credentials")
        } catch {
            report(KafkaError(code: .authentication, message: "the credentials cannot be looked up anew: \(error)"))
        }
    }

    private func report(_ error: KafkaError) {
        if let onError = handlers.onError { onError(error) } else if isConsumer { append(.error(error)) }
    }

    private func report(statistics: String) {
        if let handler = handlers.onStatistics {
            handler(statistics)
        } else if isConsumer {
            append(.statistics(statistics))
        }
    }
}
