internal import ChangeEvents
import Foundation
internal import Ledger
internal import LibPQ
internal import Logging
internal import Model
internal import Playbook
internal import RDKafka

/// One thread with its own target connection that applies the partitions given to it.
///
/// It takes messages from its partitions' queues into a batch until the queue is empty or the batch is full, applies
/// the batch in one transaction, and begins again. Whatever fails is tried again with growing pauses, from what the
/// ledger says; in between it carries out orders, so that a rebalance never waits for a database that is away.
final class Lane {
    let number: Int
    let mailbox: LaneMailbox
    let consumer: Consumer
    let playbook: CompiledPlaybook
    let connections: LaneConnections
    let logger: Logger
    let batch: LaneBatch
    let taker: EventTaker
    var applier: BatchApplier?
    var cursor: MessageCursor?
    /// The message batches that the open batch came from: where the bytes of its events are.
    var held: [MessageCursor] = []
    let parkedRetry: ParkedRetry
    let watch: ContractWatch
    let watchInterval: Duration
    var nextWatch = ContinuousClock.now
    var startBackoff = Backoff()
    /// Entities that are left out for now, by their places in the playbook.
    var stops: [Int: EntityStop] = [:]
    var mustSeek = false
    var isStopping = false
    /// Attempts that rows wait for their parents before they are parked.
    static let patience = 6
    /// A batch of fewer events is what happens at rest: it is applied at once.
    private static let fewEvents = 100
    var clock = LaneClock()
    private var nextAsk = ContinuousClock.now
    private var asked = 0

    init(
        number: Int, of lanes: Int, mailbox: LaneMailbox, consumer: Consumer, playbook: CompiledPlaybook,
        modes: ConnectorModes, connections: LaneConnections, options: SyncOptions, logger: Logger
    ) throws {
        self.number = number
        self.mailbox = mailbox
        self.consumer = consumer
        self.playbook = playbook
        self.connections = connections
        self.logger = logger
        batch = LaneBatch(playbook, modes: modes, lanes: lanes)
        watch = ContractWatch(playbook, contracts: options.contracts, source: connections.source)
        watchInterval = options.watchInterval
        taker = try EventTaker(
            batch, playbook: playbook, watch: watch,
            echoes: playbook.playbook.ownership == nil ? nil : connections.source.map(Echoes.init),
            tombstones: connections.source.map(LoneTombstones.init))
        parkedRetry = ParkedRetry(beside: batch, modes: modes, kafka: playbook.kafka)
    }

    /// Works until it is told to stop, and then until what it has taken is committed.
    func run() {
        while !isStopping {
            mailbox.carryOut(carryOut)
            if isStopping { break }
            if taker.partitions.isEmpty {
                mailbox.wait(.milliseconds(500))
                continue
            }
            takeUpStopped()
            guard seekBack(), isReady() else { continue }
            watchSource()
            collect()
            if !batch.isEmpty { applyUntilDone() }
            if parkedRetry.isDue(hasParkedKeys: taker.hasParkedKeys) { retryParked() }
        }
        connections.close()
        mailbox.say { $0.hasEnded = true }
        mailbox.carryOut(carryOut)
    }

    // MARK: Orders

    func carryOut(_ order: LaneMailbox.Order) {
        switch order {
        case .take(let assignments):
            for assignment in assignments { taker.add(assignment) }
            connections.forgetParked()
            mailbox.say { report in
                for checkpoint in assignments.map(\.checkpoint) {
                    report.fenced.remove(checkpoint.partition)
                    report.halted.remove(checkpoint.partition)
                    report.stopped[checkpoint.partition] = nil
                    report.committed[checkpoint.partition] = checkpoint.nextOffset
                }
            }
        case .give(let partitions):
            abandonBatch()
            for partition in partitions { drop(partition) }
        case .stop: isStopping = true
        }
    }

    /// What the ledger holds of the lane's partitions.
    var checkpoints: [Checkpoint] { batch.partitions.compactMap { $0?.checkpoint } }

    func drop(_ partition: Model.TopicPartition) {
        taker.remove(partition)
        mailbox.say { $0.committed[partition] = nil }
    }

    // MARK: Taking

    /// Nothing is taken before the keys are known whose events must queue behind others in quarantine.
    private func isReady() -> Bool {
        if connections.knowsParked { return true }
        do {
            _ = try readyApplier()
            if startBackoff.attempts > 0 { goOn() }
            startBackoff.succeed()
            return true
        } catch let error as LedgerError where error.code == .fenced {
            takeOverFromLedger()
            return false
        } catch {
            pause(after: error, &startBackoff)
            return false
        }
    }

    func collect() {
        let limits = playbook.limits
        while !batch.isFull {
            if cursor?.isExhausted ?? true, !readMore(limits) { return }
            guard let cursor else { return }
            defer { clock.decoded() }
            while !cursor.isExhausted, !batch.isFull {
                switch cursor.messages.withMessage(at: cursor.next, { taker.take($0) }) {
                case .taken, .ignored: cursor.next += 1
                case .barrier: return
                case .last:
                    cursor.next += 1
                    return
                case .untold(let error): return wait(after: error)
                case .unjudged(let question): if !judge(question) { return }
                case .announced(let tables, let record, let place, let offset):
                    if !note(tables, record) { return }
                    taker.noted = (place, offset)
                case .replaced(let partition, let offset):
                    cursor.next += 1
                    stop(partition, because: Self.replaced(offset))
                case .failed(let partition, let error):
                    cursor.next += 1
                    partitionFailed(partition, error)
                }
            }
        }
    }

    private static func replaced(_ offset: Int64) -> String {
        """
        replaced: at offset \(offset) there is another record than the one that was consumed there; the topic was made anew, \
        or its log was cut off and written again: load what comes by it anew
        """
    }

    /// What is in the batch is applied first.
    private func wait(after error: any Error) {
        guard batch.isEmpty else { return }
        pause(after: error, &startBackoff)
    }

    /// Waits for messages when the batch is empty. When it is not, takes what is there; and while it is behind, which
    /// a batch of many rows says, waits a moment for what the consumer is about to bring, since a fuller batch costs
    /// hardly more than a small one.
    private func readMore(_ limits: Limits) -> Bool {
        clock.start()
        defer { clock.waited() }
        let room = min(limits.batchRows - batch.eventCount, 10_000)
        do {
            let messages = try mailbox.queue.consumeBatch(
                max: room, timeout: patience(limits), linger: .zero)
            if messages.isEmpty { return false }
            let next = MessageCursor(messages)
            cursor = next
            held.append(next)
            askForMore(next.messages.count)
            return true
        } catch {
            logger.warning("reading messages failed", metadata: ["kafka.error": "\(error)"])
            mailbox.wait(.milliseconds(200))
            return false
        }
    }

    /// After a read of many messages the queue may just have been full. Each of the lane's partitions has its turn, for
    /// they may have different leaders.
    private func askForMore(_ count: Int) {
        guard count >= Self.fewEvents, ContinuousClock.now >= nextAsk else { return }
        nextAsk = .now + .milliseconds(5)
        let partitions = taker.partitions
        guard !partitions.isEmpty else { return }
        asked = (asked + 1) % partitions.count
        consumer.lookAgain(partitions[asked].topic, partitions[asked].partition, timeout: .milliseconds(100))
    }

    private func patience(_ limits: Limits) -> Duration {
        if batch.isEmpty { return .milliseconds(500) }
        return batch.eventCount < Self.fewEvents ? .zero : .milliseconds(limits.batchWaitMilliseconds)
    }

    private func partitionFailed(_ partition: Model.TopicPartition, _ error: KafkaError) {
        guard error.code == .offsetOutOfRange || error.code == .autoOffsetReset else {
            logger.error(
                "partition stopped", metadata: ["kafka.partition": "\(partition)", "kafka.error": "\(error)"])
            return mailbox.say { $0.stopped[partition] = "\(error)" }
        }
        offsetIsGone(partition, error)
    }
}
