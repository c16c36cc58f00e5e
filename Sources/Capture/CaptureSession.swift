import LibPQ
import Logging
import Model

/// One stretch of streaming: from connecting to the first error, or to the end.
final class CaptureSession {
    private let configuration: CaptureConfiguration
    private let stop: StopSignal
    private let logger: Logger
    private let report: (CaptureProgress) -> Void
    private var progress: CaptureProgress

    init(
        _ configuration: CaptureConfiguration, stop: StopSignal, logger: Logger, progress: CaptureProgress,
        report: @escaping (CaptureProgress) -> Void
    ) {
        self.configuration = configuration
        self.stop = stop
        self.logger = logger
        self.progress = progress
        self.report = report
    }

    /// Streams until a stop is requested, then sends what is queued, confirms it and returns.
    func run() throws {
        let connection = try Connection(configuration.source, applicationName: "tidegate capture catalog")
        defer { connection.close() }
        let confirmed = try SlotPreparation(
            configuration: configuration, connection: connection, stop: stop, logger: logger
        ).run()
        let database = try connection.query("SELECT current_database()").scalar ?? ""
        let producer = try EventProducer(configuration.kafka, logger: logger)
        let translator = StreamTranslator(
            configuration, catalog: try RelationCatalog(connection), producer: producer, database: database,
            confirmed: confirmed)
        let stream = try ReplicationConnection(configuration.source, applicationName: "tidegate capture")
        defer { stream.close() }
        let publication = quotedIdentifier(configuration.publication)
        if stream.serverVersion >= 140000 {
            try stream.startReplication(
                slot: configuration.slot, from: confirmed.rawValue,
                options: ["proto_version": "2", "publication_names": publication, "messages": "true"])
        } else {
            try stream.startReplication(
                slot: configuration.slot, from: confirmed.rawValue,
                options: ["proto_version": "1", "publication_names": publication])
        }
        let status = SlotStatus(stream, confirmed: confirmed.rawValue)
        producer.whileWaiting = { [stop] in
            try status.confirm(producer.tracker.position().confirmable)
            if stop.isRequested { throw CaptureError(.delivery, "stopped while the broker took no more events") }
        }
        progress.phase = .streaming
        progress.confirmed = confirmed
        do {
            try streamUntilStopped(stream, translator, producer, status)
        } catch {
            // What is under way may still arrive, which spares sending it again.
            try? producer.flush(timeout: .seconds(2))
            try? status.confirm(producer.tracker.position().confirmable, atOnce: true)
            throw error
        }
        let unsent = Swift.Result { try producer.flush(timeout: configuration.stopTimeout) }
        try status.confirm(producer.tracker.position().confirmable, atOnce: true)
        publish(producer, translator, status)
        if case .failure(let error) = unsent {
            throw CaptureError(
                .delivery, "stopped before the broker took all events, which the next start sends again (\(error))")
        }
    }

    /// While the server is ahead it sends every change by itself, and a reader that waits is woken by each: that was most
    /// of what a change cost on both sides. After a read of many messages they are left to pile up for a moment.
    private static let manyMessages = 32
    private static let pause = Duration.milliseconds(1)

    private func streamUntilStopped(
        _ stream: ReplicationConnection, _ translator: StreamTranslator, _ producer: EventProducer, _ status: SlotStatus
    ) throws {
        let clock = ContinuousClock()
        var nextHeartbeat = configuration.heartbeat.map { clock.now + $0 }
        var giveUp: ContinuousClock.Instant?
        var told: UInt64 = 0
        var last = 0
        while true {
            if stop.isRequested {
                // A transaction that has begun is better sent whole, but its end may be far.
                giveUp = giveUp ?? clock.now + .seconds(5)
                if !translator.isInTransaction || giveUp.map({ clock.now >= $0 }) == true { return }
            }
            translator.readClock()
            if last >= Self.manyMessages { stop.sleep(Self.pause) }
            let isIdle = producer.tracker.position().isIdle
            last = try stream.receive(timeout: .milliseconds(isIdle ? 100 : 5), limit: 20_000) { message in
                switch message {
                case .data(let start, let end, _, let payload):
                    status.received(end)
                    try translator.handle(payload, at: LSN(rawValue: start))
                case .keepalive(let end, _, let wantsReply): status.keepalive(end, wantsReply)
                }
            }
            try producer.poll()
            let position = producer.tracker.position()
            try status.confirm(position.confirmable)
            if position.isIdle && !translator.isInTransaction {
                translator.raiseFloor(to: LSN(rawValue: try status.confirmIdle()))
            }
            if let due = nextHeartbeat, clock.now >= due, let interval = configuration.heartbeat {
                try translator.sendHeartbeat()
                nextHeartbeat = clock.now + interval
            }
            if last > 0 || !isIdle || status.toldPosition > told {
                told = status.toldPosition
                publish(producer, translator, status)
            }
        }
    }

    private func publish(_ producer: EventProducer, _ translator: StreamTranslator, _ status: SlotStatus) {
        var now = progress
        now.events += producer.events
        now.bytes += producer.bytes
        now.received = LSN(rawValue: status.receivedPosition)
        now.confirmed = LSN(rawValue: status.toldPosition)
        now.sourceMicros = translator.transaction.commitMicros
        report(now)
    }
}
