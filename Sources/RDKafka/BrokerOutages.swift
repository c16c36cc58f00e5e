import Foundation

/// Knows which brokers a client tries to reach in vain, from its statistics, and when that is worth telling.
///
/// librdkafka reports an error of a broker at once, but also one that mends itself within a moment, not one that hangs, and
/// never that a broker is back. So what counts are the states in its statistics: a broker is away when it was tried and
/// was not up for `patience`. One that nobody needs is not tried, and so not away. Errors only lend their words.
///
/// Connections to the same address (bootstrap, by number, as the group's coordinator) are one broker here.
public struct BrokerOutages: Sendable {
    /// What there is to tell.
    public enum News: Sendable, Equatable {
        /// The broker at this address was tried in vain for so long; told again at growing intervals.
        case away(String, reason: String?, for: Duration)
        /// It is up again, after so long.
        case back(String, after: Duration)

        /// What a log line is to say besides its message, by name.
        public var facts: [String: String] {
            switch self {
            case .away(let broker, let reason, let time):
                [
                    "kafka.broker": broker, "kafka.error": reason ?? "no answer",
                    "seconds": "\(time.components.seconds)",
                ]
            case .back(let broker, let time):
                ["kafka.broker": broker, "seconds": "\(time.components.seconds)"]
            }
        }
    }

    /// How often statistics should come (`statistics.interval.ms`).
    public static let interval = Duration.seconds(2)

    private struct Outage {
        let since: ContinuousClock.Instant
        /// Attempts to connect when there was something to tell last, or at the beginning.
        var attempts: Int
        var due: ContinuousClock.Instant
        var reminder: Duration
        var isTold = false
    }

    private static let patience = Duration.seconds(4)
    private static let firstReminder = Duration.seconds(30)
    private static let longestReminder = Duration.seconds(600)

    /// Attempts to connect up to which all is well, by address.
    private var wellUntil: [String: Int] = [:]
    private var outages: [String: Outage] = [:]
    private var errors: [String] = []

    /// Nothing is known yet.
    public init() {}

    /// Keeps the words of an error, to be told if its broker stays away.
    public mutating func note(_ error: KafkaError) {
        if errors.count >= 32 { errors.removeFirst() }
        errors.append(error.explanation)
    }

    /// Takes the statistics that librdkafka gives, as JSON.
    public mutating func note(statistics json: String, at now: ContinuousClock.Instant = .now) -> [News] {
        guard let found = try? JSONDecoder().decode(Statistics.self, from: Data(json.utf8)) else { return [] }
        let entries = Dictionary(grouping: found.brokers.values.filter(\.hasAddress), by: \.nodename)
        return entries.sorted { $0.key < $1.key }.compactMap { note($0.key, $0.value, now) }
    }

    private mutating func note(
        _ address: String, _ entries: [Statistics.Broker], _ now: ContinuousClock.Instant
    ) -> News? {
        let attempts = entries.reduce(0) { $0 + $1.connects }
        if entries.contains(where: { $0.state == "UP" }) {
            wellUntil[address] = attempts
            guard let outage = outages.removeValue(forKey: address), outage.isTold else { return nil }
            return .back(address, after: now - outage.since)
        }
        guard var outage = outages[address] else {
            guard attempts > wellUntil[address, default: 0] else { return nil }
            outages[address] = Outage(
                since: now, attempts: attempts, due: now + Self.patience, reminder: Self.firstReminder)
            return nil
        }
        let isTried = attempts > outage.attempts || entries.contains(where: \.isConnecting)
        guard now >= outage.due, isTried else { return nil }
        outage.attempts = attempts
        outage.isTold = true
        outage.due = now + outage.reminder
        outage.reminder = min(outage.reminder * 2, Self.longestReminder)
        outages[address] = outage
        return .away(address, reason: errors.last { $0.contains(address) }, for: now - outage.since)
    }
}

/// Of librdkafka's statistics (its STATISTICS.md), what tells whether brokers are reached.
private struct Statistics: Decodable {
    struct Broker: Decodable {
        /// `host:port`; of the coordinator that is not known yet, nothing or port 0.
        let nodename: String
        let state: String
        /// Attempts, failed ones among them.
        let connects: Int

        var hasAddress: Bool { !nodename.isEmpty && !nodename.hasSuffix(":0") }

        /// Neither idle nor between two attempts.
        var isConnecting: Bool { !["INIT", "DOWN", "TRY_CONNECT", "UP"].contains(state) }
    }

    let brokers: [String: Broker]
}
