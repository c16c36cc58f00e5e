internal import ChangeEvents
internal import Ledger
internal import Model
internal import RDKafka

/// What is taken is counted: each record and each end of a partition moves its place, and is accounted for.
extension EventTaker {
    func advance(_ message: borrowing Message, _ origin: Origin, _ header: RowHeader) {
        batch.count(bytes: message.value?.count ?? 0)
        batch.partitions[origin.place]?.take(
            mark(message), position: header.position, sourceMillis: header.sourceMillis)
    }

    func skip(_ reason: SkipReason, _ message: borrowing Message, _ origin: Origin) -> Outcome {
        batch.count(bytes: message.value?.count ?? 0)
        batch.partitions[origin.place]?.take(mark(message))
        batch.partitions[origin.place]?.accounting.skip(reason)
        return .taken
    }

    func setAside(
        _ message: borrowing Message, _ origin: Origin, key: [String]?, reason: String, _ text: String
    ) {
        batch.partitions[origin.place]?.take(mark(message))
        batch.count(bytes: message.value?.count ?? 0)
        batch.setAside.append(
            SetAside(
                partitionIndex: origin.place, offset: message.offset, entity: origin.entity, key: key, reason: reason,
                sqlState: nil, message: text, bytes: EventBytes(message)))
    }

    func mark(_ message: borrowing Message) -> RecordMark {
        RecordMark(
            offset: message.offset, timestamp: message.timestamp, keyBytes: message.key?.count,
            valueBytes: message.value?.count)
    }

    /// The end of the partition, up to which there is nothing more to take, or its error. What was taken of the partition
    /// before an error is applied first: it cannot be accounted for without the partition.
    func withoutMessage(
        _ message: borrowing Message, _ progress: PartitionProgress, _ origin: Origin
    ) -> Outcome {
        guard let error = message.error else { return .ignored }
        if error.code == .partitionEOF {
            if !stopped.contains(origin.entity) { batch.partitions[origin.place]?.pass(to: message.offset) }
            return .ignored
        }
        return progress.hasMoved ? .barrier : .failed(progress.checkpoint.partition, error)
    }
}
