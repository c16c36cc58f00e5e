import Foundation
public import LibPQ
public import Logging
import Model
import Synchronization

/// Warns, once for each time that it happens, when a server keeps more log for a connector's slot than it should: beside a
/// sync, which is alive when a capture is not, and beside a capture, which may be behind.
public final class SlotWatch: Sendable {
    private let string: ConnectionString
    private let slots: [String]
    private let limit: Double
    private let logger: Logger
    private let isStopped = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)
    private static let interval = Duration.seconds(10)

    /// Watches the first of some slots that a server has.
    ///
    /// - Parameter limit: bytes; half of `max_slot_wal_keep_size` if that is less.
    public init(_ string: ConnectionString, slots: [String], limit: Double, logger: Logger) {
        self.string = string
        self.slots = slots
        self.limit = limit
        self.logger = logger
    }

    /// Watches beside `body`.
    public func watching<Outcome>(_ body: () throws -> Outcome) rethrows -> Outcome {
        let thread = Thread { [self] in
            watch()
            ended.signal()
        }
        thread.name = "slot-watch"
        thread.start()
        defer {
            isStopped.withLock { $0 = true }
            ended.wait()
        }
        return try body()
    }

    private func watch() {
        let session = WatchSession(string)
        var alarm = SlotAlarm(limit: limit)
        while true {
            // A server that is gone is what the one beside it warns of.
            if let reading = try? SlotReading.find(slots, on: session.open()) { tell(alarm.take(reading), reading) }
            let next = ContinuousClock.now + Self.interval
            while ContinuousClock.now < next {
                if isStopped.withLock({ $0 }) { return }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    private func tell(_ news: SlotAlarm.News?, _ reading: SlotReading) {
        let metadata: Logger.Metadata = [
            "slot": "\(reading.slot)", "slot.retained_bytes": "\(reading.retainedBytes ?? 0)",
            "slot.active": "\(reading.isActive)",
        ]
        switch news {
        case .raised(let what): logger.warning("\(what)", metadata: metadata)
        case .over: logger.notice("The replication slot is under its limit again", metadata: metadata)
        case nil: break
        }
    }
}
