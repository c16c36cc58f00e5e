internal import ChangeEvents
internal import Model
internal import Playbook

/// What a lane has taken and not yet committed: rows by entity, progress by partition.
final class LaneBatch {
    /// One for each entity of the playbook, in its order: parents first.
    let entities: [EntityBatch]
    /// The lane's partitions; a place, once given, stays. nil for one that was taken away.
    var partitions: [PartitionProgress?] = []
    /// Events for the quarantine.
    var setAside: [SetAside] = []
    /// A truncate that comes after everything else in the batch.
    var truncate: Truncate?
    /// Events taken, of any kind.
    private(set) var eventCount = 0
    private var byteCount = 0
    private let limits: Limits
    private let byteLimit: Int
    /// What librdkafka and the batch need for an event beside its value.
    private static let overhead = 512

    /// The batch of one of `lanes` lanes.
    init(_ playbook: CompiledPlaybook, modes: ConnectorModes, lanes: Int) {
        limits = playbook.limits
        byteLimit = limits.batchBytes / max(lanes, 1)
        entities = playbook.entities.map { EntityBatch(entity: $0, modes: modes, shapes: ShapeNumbers($0)) }
    }

    /// Another batch of the same lane, to be applied in the same session.
    init(beside other: LaneBatch, modes: ConnectorModes) {
        limits = other.limits
        byteLimit = other.byteLimit
        entities = other.entities.map { EntityBatch(entity: $0.entity, modes: modes, shapes: $0.shapes) }
    }

    /// A truncate of a table.
    struct Truncate {
        let entity: Int
        /// The place of the partition that brought it.
        let partitionIndex: Int
        /// How many partitions the topic has.
        let partitions: Int
        /// Where it stands in the source's log; nil where the source does not say.
        let position: SourcePosition?
    }

    /// Whether no event was taken.
    var isEmpty: Bool { !partitions.contains { $0?.hasMoved ?? false } }

    /// Whether nothing more is to be taken. Events that are only counted fill it too: they are held until it is applied.
    var isFull: Bool { eventCount >= limits.batchRows || byteCount >= byteLimit }

    /// Counts an event as taken, with the size of its value, which is held until the batch is applied.
    func count(bytes: Int) {
        eventCount += 1
        byteCount += bytes + Self.overhead
    }

    /// What became of the events of each partition, in the partitions' places.
    ///
    /// A final image that was neither taken out of the stage nor rejected was applied.
    func accountings(_ outcome: ApplyOutcome) -> [Accounting] {
        var accountings = partitions.map { $0?.accounting ?? Accounting() }
        for (index, batch) in entities.enumerated() where !batch.isEmpty {
            let rejected = outcome.rejected[index] ?? []
            for (row, image) in batch.reducer.images.enumerated() {
                let place = Int(batch.rows.header(row).partitionIndex)
                if rejected.contains(row) {
                    accountings[place].quarantined += 1
                } else if image.isSuperseded {
                    accountings[place].superseded += 1
                } else {
                    accountings[place].applied += 1
                }
            }
        }
        for images in outcome.skipped {
            accountings[images.partitionIndex].applied -= images.count
            accountings[images.partitionIndex].skip(images.reason, events: images.count)
        }
        for event in setAside { accountings[event.partitionIndex].quarantined += 1 }
        if let truncate { accountings[truncate.partitionIndex].applied += 1 }
        return accountings
    }

    /// The batch is committed: progress is what the ledger holds now.
    func committed() {
        for place in partitions.indices { partitions[place]?.committed() }
        forgetEvents()
    }

    /// Forgets the events and keeps the memory.
    func forgetEvents() {
        for batch in entities where !batch.isEmpty { batch.removeAll() }
        setAside.removeAll()
        truncate = nil
        eventCount = 0
        byteCount = 0
    }
}
