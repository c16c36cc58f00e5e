/// Brokers that cannot be reached: when that is worth a word, again a word, and since when.
///
/// librdkafka goes on trying by itself and says so again and again; a person wants to hear it at once, then less and less.
public struct BrokerOutage: Sendable {
    /// What librdkafka last said, with the broker's address.
    public private(set) var error: KafkaError?
    private var began = ContinuousClock.now
    private var next = ContinuousClock.now
    private var interval = Duration.seconds(10)

    /// Everything is well.
    public init() {}

    /// Whether brokers are away.
    public var isOpen: Bool { error != nil }

    /// Whether an error says that a broker cannot be reached.
    public static func isMeant(by error: KafkaError) -> Bool {
        error.code == .transport || error.code == .resolve || error.code == .allBrokersDown
    }

    /// Notes such an error. That all brokers are down does not say which: the error before it does.
    public mutating func note(_ error: KafkaError) {
        if self.error == nil {
            began = .now
            next = .now
            interval = .seconds(10)
        }
        if self.error == nil || error.code != .allBrokersDown { self.error = error }
    }

    /// How long it has lasted, when it is time to say so; nil otherwise.
    public mutating func due() -> Duration? {
        guard isOpen, ContinuousClock.now >= next else { return nil }
        next = .now + interval
        interval = min(interval * 2, .seconds(300))
        return ContinuousClock.now - began
    }

    /// A broker has answered.
    ///
    /// - Returns: how long it took, if brokers were away.
    public mutating func end() -> Duration? {
        guard isOpen else { return nil }
        error = nil
        return ContinuousClock.now - began
    }
}
