import Dispatch
internal import Ledger
internal import Model
internal import RDKafka
import Synchronization

/// How the service speaks to a lane: partitions that come and go, the end, and what the lane has to say of itself.
final class LaneMailbox: Sendable {
    /// What a lane is told.
    enum Order: Sendable {
        /// Take these partitions over.
        case take([Assignment])
        /// Give these back: nothing of them is written after the answer.
        case give([Model.TopicPartition])
        /// Finish what is taken and end.
        case stop
    }

    /// A partition that a lane takes over.
    struct Assignment: Sendable {
        /// Where to go on.
        let checkpoint: Checkpoint
        /// How many partitions its topic has.
        let partitions: Int
        /// Whether the snapshot rows of the topic are applied, because the baseline comes from them.
        let takesSnapshotRows: Bool
        /// Whether the record that was consumed last is read again first, so that the topic is known to be the same.
        let awaitsLastRecord: Bool
    }

    private struct Letter: Sendable {
        let order: Order
        let answered: DispatchSemaphore
    }

    /// Where the lane's partitions deliver.
    let queue: MessageQueue
    private let letters = Mutex<[Letter]>([])
    private let arrived = DispatchSemaphore(value: 0)
    private let report = Mutex(LaneReport())

    init(queue: MessageQueue) { self.queue = queue }

    /// Gives an order and waits until the lane has carried it out.
    func send(_ order: Order) {
        let letter = Letter(order: order, answered: DispatchSemaphore(value: 0))
        letters.withLock { $0.append(letter) }
        arrived.signal()
        queue.wake()
        letter.answered.wait()
    }

    /// What the lane last said of itself.
    var current: LaneReport { report.withLock { $0 } }

    /// Changes what the lane says of itself.
    func say(_ change: (inout LaneReport) -> Void) { report.withLock { change(&$0) } }

    /// For the lane: carries out the orders that have come.
    func carryOut(_ body: (Order) -> Void) {
        let waiting = letters.withLock { letters in
            defer { letters.removeAll() }
            return letters
        }
        for letter in waiting {
            body(letter.order)
            letter.answered.signal()
        }
    }

    /// For the lane: waits until an order comes or time is up.
    func wait(_ longest: Duration) {
        let (seconds, attoseconds) = longest.components
        _ = arrived.wait(
            timeout: .now() + .nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)))
    }
}
