import Ledger
import LibPQ
public import Model

/// Where the topics' partitions begin and end now.
public typealias LogEndReader = @Sendable (_ topic: String) throws -> [TopicPartition: PartitionProgress.Bound]

/// How far the forward flow's checkpoints are behind the topics' ends.
///
/// A partition that is stopped waits for a person, not for the load to get out of its way: it does not count.
final class StreamLagProbe: Probe {
    let factor = LimitingFactor.streamLag
    private let session: WatchSession
    private let topics: [String]
    private let logEnds: LogEndReader
    private let limit: Double
    private var tracker = LagTracker()

    init(_ session: WatchSession, topics: [String], logEnds: @escaping LogEndReader, limit: Double) {
        self.session = session
        self.topics = topics
        self.logEnds = logEnds
        self.limit = limit
    }

    func read(at now: ContinuousClock.Instant) throws -> ThrottleReading {
        var longest = Duration.zero
        let stopped = try Stalls(on: session.open()).stopped(.forward)
        for topic in topics {
            let checkpoints = try Checkpoints(on: session.open()).find(flow: .forward, topic: topic)
            if checkpoints.isEmpty { continue }
            for (partition, bound) in try logEnds(topic) {
                // What nobody has begun to read is not behind: no sync has been started.
                guard let checkpoint = checkpoints[partition], !stopped.contains(partition) else { continue }
                longest = max(
                    longest,
                    tracker.observe(
                        "\(partition)", end: bound.end, reached: max(checkpoint.nextOffset ?? 0, bound.low), at: now))
            }
        }
        return .measured(longest / .seconds(1), limit: limit)
    }
}
