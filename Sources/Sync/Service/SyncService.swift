internal import ChangeEvents
import Dispatch
import Foundation
internal import Ledger
internal import LibPQ
public import Logging
internal import Model
public import Playbook
internal import RDKafka
import Synchronization

/// Keeps the target current from the topics: one consumer, several lanes, and the calm hand-over of partitions between
/// them and to other processes.
///
/// The thread that calls `run` polls the consumer, so that rebalances are answered whatever the lanes are doing. A
/// partition is claimed in the ledger before its first message is read, which makes every older claim worthless, and is
/// given back only when its lane writes nothing of it any more.
public final class SyncService: Sendable {
    private let playbook: CompiledPlaybook
    private let options: SyncOptions
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)
    private let haveLanesEnded = Atomic<Bool>(false)
    private let lanes = Mutex<[LaneMailbox]>([])
    /// What kept a lane from starting.
    private let failure = Mutex<(any Error)?>(nil)

    /// A service; nothing is opened yet.
    public init(_ playbook: CompiledPlaybook, options: SyncOptions, logger: Logger) {
        self.playbook = playbook
        self.options = options
        self.logger = logger
    }

    /// What the lanes say of themselves.
    public var reports: [LaneReport] { lanes.withLock { $0.map(\.current) } }

    /// Ends `run`: what has been taken is committed, nothing more is taken.
    public func stop() { stopping.store(true, ordering: .sequentiallyConsistent) }

    /// Applies until it is stopped.
    ///
    /// - Throws: what keeps it or a lane from starting: an unusable playbook or Kafka property, a target without a
    ///   ledger. Once it runs it does not give up: what fails is reported and tried again. `SyncError` of code `notInForce`
    ///   when another playbook or contract was put in force: what was taken is committed, and a new service goes on.
    public func run() throws {
        let modes = try ConnectorModes(properties: playbook.playbook.source.connectorProperties)
        let kafka = options.kafka
        let consumer = try Consumer(
            configuration(), renewCredentials: { Credentials(of: try kafka.renewed().reveal()) })
        defer { consumer.close() }
        let count = min(options.lanes ?? playbook.limits.lanes, 64)
        let mailboxes = (0..<count).map { _ in LaneMailbox(queue: consumer.makeQueue()) }
        lanes.withLock { $0 = mailboxes }
        let ended = DispatchGroup()
        for (number, mailbox) in mailboxes.enumerated() {
            // Made on its own thread, which is the only one that ever touches it.
            let (playbook, options, logger) = (self.playbook, self.options, self.logger)
            ended.enter()
            let thread = Thread { [self] in
                defer { ended.leave() }
                let connections = LaneConnections(target: options.target, source: options.source, flow: options.flow)
                do {
                    try Lane(
                        number: number, of: count, mailbox: mailbox, consumer: consumer, playbook: playbook,
                        modes: modes,
                        connections: connections, options: options, logger: logger
                    ).run()
                } catch {
                    logger.error("lane did not start", metadata: ["lane": "\(number)", "error": "\(error)"])
                    mailbox.say { $0.hasEnded = true }
                    failure.withLock { $0 = $0 ?? error }
                    Self.answer(mailbox)
                }
            }
            thread.name = "tidegate lane \(number)"
            thread.stackSize = 4 << 20
            thread.start()
        }
        let assigner = PartitionAssigner(
            playbook: playbook, options: options, consumer: consumer, lanes: mailboxes, logger: logger)
        let published = publishDeadLetters()
        defer {
            for mailbox in mailboxes { mailbox.send(.stop) }
            ended.wait()
            haveLanesEnded.store(true, ordering: .sequentiallyConsistent)
            published.wait()
            assigner.commitOffsets(waiting: true)
            logTimings()
        }
        try consumer.subscribe(playbook.topics + [playbook.kafka.schemaChanges?.value].compactMap { $0 })
        while !stopping.load(ordering: .sequentiallyConsistent), failure.withLock({ $0 == nil }) {
            if let event = consumer.poll(timeout: .milliseconds(100)) { assigner.handle(event) }
            assigner.tick()
            if let error = reports.lazy.compactMap(\.failure).first { failure.withLock { $0 = $0 ?? error } }
            if assigner.isSuperseded {
                throw SyncError(.notInForce, "another playbook or contract was put in force")
            }
            if options.stopsAtEnd, assigner.isAtEnd { break }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        if options.stopsAtEnd { try checkNothingStopped() }
    }

    /// Publishes dead letters beside the lanes, and what they leave at their end, if the playbook names a topic.
    private func publishDeadLetters() -> DispatchGroup {
        let ended = DispatchGroup()
        guard let topic = playbook.kafka.deadLetters?.value else { return ended }
        let (playbook, options, logger) = (self.playbook, self.options, self.logger)
        ended.enter()
        let thread = Thread { [self] in
            defer { ended.leave() }
            DeadLetterPublisher(to: topic, playbook: playbook, options: options, logger: logger)
                .run { haveLanesEnded.load(ordering: .sequentiallyConsistent) }
        }
        thread.name = "tidegate dead letters"
        thread.start()
        return ended
    }

    /// In the place of a lane that did not start: whoever gives it an order waits for the answer. The partitions that it
    /// is given are claimed and not consumed until the service has ended.
    private static func answer(_ mailbox: LaneMailbox) {
        var isStopping = false
        while !isStopping {
            mailbox.carryOut { order in if case .stop = order { isStopping = true } }
            if !isStopping { mailbox.wait(.seconds(60)) }
        }
    }

    private func checkNothingStopped() throws(SyncError) {
        let stopped = reports.flatMap(\.stopped).sorted { $0.key < $1.key }
        guard let first = stopped.first else { return }
        throw SyncError(
            .stopped, "\(stopped.count) partitions could not be consumed; \(first.key): \(first.value)")
    }

    /// Where the lanes' time went, in seconds of all lanes together.
    private func logTimings() {
        var timings = LaneTimings()
        for report in reports { timings.add(report.timings) }
        func text(_ seconds: Double) -> Logger.MetadataValue { "\((seconds * 1000).rounded() / 1000)" }
        logger.info(
            "lanes ended",
            metadata: [
                "batches": "\(timings.batches)", "seconds.waiting": text(timings.waiting),
                "seconds.decoding": text(timings.decoding), "seconds.applying": text(timings.applying),
                "seconds.committing": text(timings.committing),
            ])
    }

    private func configuration() -> Configuration {
        let properties = options.kafka.reveal()
        return Configuration.groupConsumer(
            bootstrapServers: properties["bootstrap.servers"] ?? "", group: options.group,
            lanes: options.lanes ?? playbook.limits.lanes, properties: properties
        ).overridden(by: [
            // A partition's end tells that nothing comes before it, as after the mark of a transaction.
            "enable.partition.eof": "true"
        ])
    }
}
