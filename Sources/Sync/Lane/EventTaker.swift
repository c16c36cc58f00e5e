internal import ChangeEvents
internal import Ledger
internal import Model
internal import Playbook
internal import RDKafka

/// Takes messages into a lane's batch: finds their partition and entity, decodes, drops redeliveries, reduces.
final class EventTaker {
    /// What taking a message came to.
    enum Outcome {
        /// It is in the batch or accounted for.
        case taken
        /// It belongs to no partition of the lane, or is behind what was taken: nothing was done.
        case ignored
        /// The batch must be applied first; the message was not taken.
        case barrier
        /// The message was taken, and the batch must be applied before any other.
        case last
        /// Whose change it is cannot be told now; the message was not taken.
        case untold(any Error)
        /// Whether the contract with the source lets it be taken is to be decided first; the message was not taken.
        case unjudged(ContractWatch.Question)
        /// The connector announces tables, which is to be noted first; the message was not taken.
        case announced([AnnouncedTable], record: String, place: Int, offset: Int64)
        /// The partition is not the one that was consumed: it has another record where the last one was.
        case replaced(Model.TopicPartition, at: Int64)
        /// The partition cannot go on.
        case failed(Model.TopicPartition, KafkaError)
    }

    struct Origin {
        let place: Int
        /// -1 for the topic in which the connector tells of DDL.
        let entity: Int
        let partitions: Int
        let takesSnapshotRows: Bool
    }

    let batch: LaneBatch
    /// The changes that the opposite flow has made; nil where there is none.
    private let echoes: Echoes?
    /// By entity, what is known of the source's contract; nil for one that has none.
    private let watched: [WatchedEntity?]
    private let hasSource: Bool
    private let schemaChanges: String?
    private let schemaChangeReader = SchemaChangeReader()
    /// The announcement that was noted last.
    var noted: (place: Int, offset: Int64)?
    /// Judges null values without a delete; nil without a source.
    let tombstones: LoneTombstones?
    /// The last delete of each partition, by its place: the null value that follows it says nothing new.
    private(set) var lastDeletes: [Int: (offset: Int64, key: Int)] = [:]
    private let entityByTopic: [String: Int]
    private var origins: [Model.TopicPartition: Origin] = [:]
    /// Entities whose messages are left for later.
    var stopped: Set<Int> = []
    /// The keys of each entity that have events in quarantine.
    var parked: [Set<[String]>]
    /// Where the table of each entity was last truncated, as far as the lane knows.
    var truncated: [SourcePosition?]
    // The partition of the message before, which is usually that of the next.
    private var lastTopic: UInt = 0
    private var lastPartition: Int32 = -1
    private var lastOrigin: Origin?

    init(
        _ batch: LaneBatch, playbook: CompiledPlaybook, watch: ContractWatch, echoes: Echoes?,
        tombstones: LoneTombstones?
    ) throws(SyncError) {
        watched = watch.entities
        hasSource = watch.canLook
        schemaChanges = playbook.kafka.schemaChanges?.value
        self.batch = batch
        self.echoes = echoes
        self.tombstones = tombstones
        var byTopic: [String: Int] = [:]
        for (index, entity) in playbook.entities.enumerated() {
            let topic = playbook.kafka.topic(of: entity.source)
            if let other = byTopic.updateValue(index, forKey: topic) {
                throw SyncError(
                    .routing,
                    "entities \(playbook.entities[other].name) and \(entity.name) both take topic \(topic); let one take it"
                )
            }
        }
        entityByTopic = byTopic
        parked = Array(repeating: [], count: playbook.entities.count)
        truncated = Array(repeating: nil, count: playbook.entities.count)
    }

    /// Begins to take a partition's messages.
    func add(_ assignment: LaneMailbox.Assignment) {
        let checkpoint = assignment.checkpoint
        let isAnnouncing = checkpoint.partition.topic == schemaChanges
        guard let entity = entityByTopic[checkpoint.partition.topic] ?? (isAnnouncing ? -1 : nil) else { return }
        let free = origins[checkpoint.partition]?.place ?? batch.partitions.firstIndex { $0 == nil }
        let place = free ?? batch.partitions.count
        if free == nil { batch.partitions.append(nil) }
        batch.partitions[place] = PartitionProgress(checkpoint)
        batch.partitions[place]?.awaited = assignment.awaitsLastRecord ? checkpoint.lastRecord : nil
        lastDeletes[place] = nil
        origins[checkpoint.partition] = Origin(
            place: place, entity: entity, partitions: assignment.partitions,
            takesSnapshotRows: assignment.takesSnapshotRows)
        lastOrigin = nil
    }

    /// Takes no more messages of a partition.
    func remove(_ partition: Model.TopicPartition) {
        guard let origin = origins.removeValue(forKey: partition) else { return }
        batch.partitions[origin.place] = nil
        lastOrigin = nil
    }

    /// Whether any key has events in quarantine.
    var hasParkedKeys: Bool { parked.contains { !$0.isEmpty } }

    /// The partitions of an entity.
    func partitions(of entity: Int) -> [Model.TopicPartition] {
        origins.filter { $0.value.entity == entity }.keys.sorted()
    }

    /// The place of a partition's entity; nil for the topic in which the connector tells of DDL.
    func entity(of partition: Model.TopicPartition) -> Int? {
        origins[partition].flatMap { $0.entity < 0 ? nil : $0.entity }
    }

    /// The partitions whose messages are taken.
    var partitions: [Model.TopicPartition] { origins.keys.sorted() }

    /// Takes a message, if it is next.
    func take(_ message: borrowing Message) -> Outcome {
        guard let origin = origin(of: message), let progress = batch.partitions[origin.place] else { return .ignored }
        if !message.isMessage { return withoutMessage(message, progress, origin) }
        if let awaited = progress.awaited, message.offset >= awaited.offset {
            if message.offset == awaited.offset, mark(message) != awaited {
                return .replaced(progress.checkpoint.partition, at: awaited.offset)
            }
            // Known again, or removed since by compaction.
            batch.partitions[origin.place]?.awaited = nil
        }
        if let next = progress.nextOffset, message.offset < next { return .ignored }
        if stopped.contains(origin.entity) { return .ignored }
        if origin.entity < 0 { return takeAnnouncement(message, origin) }
        let entity = batch.entities[origin.entity]
        do {
            let outcome = try entity.decoder.decode(
                key: message.key, value: message.value, headers: headers(of: message, entity), into: entity.rows,
                partitionIndex: Int32(origin.place), offset: message.offset)
            return settle(outcome, message, origin, entity)
        } catch {
            if let question = hint(message, origin) { return .unjudged(question) }
            let key = readKey(of: message, entity)
            // Later events of the key queue behind it, from here on.
            if let key { parked[origin.entity].insert(key) }
            setAside(message, origin, key: key, reason: "undecodable", "\(error)")
            return .taken
        }
    }

    private func origin(of message: borrowing Message) -> Origin? {
        if message.topicIdentity == lastTopic, message.partition == lastPartition, let lastOrigin { return lastOrigin }
        lastOrigin = origins[Model.TopicPartition(topic: message.topic, partition: message.partition)]
        lastTopic = message.topicIdentity
        lastPartition = message.partition
        return lastOrigin
    }

    private func headers(of message: borrowing Message, _ entity: EntityBatch) -> EventHeaders {
        guard entity.movesRows else { return EventHeaders() }
        return EventHeaders(
            newKey: message.header("__debezium.newkey"), oldKey: message.header("__debezium.oldkey"))
    }

    /// The key of a message that cannot be decoded, as far as that can.
    private func readKey(of message: borrowing Message, _ entity: EntityBatch) -> [String]? {
        guard let bytes = message.key, let row = try? entity.decoder.decodeKey(bytes, into: entity.rows) else {
            return nil
        }
        defer { entity.rows.removeLastRow() }
        return entity.key(of: row)
    }

    private func settle(
        _ outcome: DecodeOutcome, _ message: borrowing Message, _ origin: Origin, _ entity: EntityBatch
    ) -> Outcome {
        switch outcome {
        case .row(let row): return takeRow(row, message, origin, entity)
        case .truncate(let header):
            if batch.partitions[origin.place]?.isReplay(header.position) == true {
                return skip(.replay, message, origin)
            }
            if isTruncated(header, origin) { return skip(.truncated, message, origin) }
            do {
                if try isEcho(header, origin) { return skip(.echo, message, origin) }
            } catch { return .untold(error) }
            advance(message, origin, header)
            batch.truncate = LaneBatch.Truncate(
                entity: origin.entity, partitionIndex: origin.place, partitions: origin.partitions,
                position: header.position)
            return .last
        case .tombstone: return takeTombstone(message, origin, entity)
        case .heartbeat: return skip(.heartbeat, message, origin)
        case .transactionMarker: return skip(.transactionMarker, message, origin)
        case .schemaChange: return skip(.schemaChange, message, origin)
        case .message: return skip(.logicalMessage, message, origin)
        case .otherTable: return skip(.unmapped, message, origin)
        case .notification: return skip(.signal, message, origin)
        }
    }

    private func takeRow(_ row: Int, _ message: borrowing Message, _ origin: Origin, _ entity: EntityBatch) -> Outcome {
        let header = entity.rows.header(row)
        if header.operation == .delete { lastDeletes[origin.place] = (message.offset, Self.hash(message.key)) }
        if header.isSnapshot, !origin.takesSnapshotRows {
            entity.rows.removeLastRow()
            return skip(.snapshotRow, message, origin)
        }
        if batch.partitions[origin.place]?.isReplay(header.position) == true {
            entity.rows.removeLastRow()
            return skip(.replay, message, origin)
        }
        if isTruncated(header, origin) {
            entity.rows.removeLastRow()
            return skip(.truncated, message, origin)
        }
        do {
            if try isEcho(header, origin) {
                entity.rows.removeLastRow()
                return skip(.echo, message, origin)
            }
        } catch {
            entity.rows.removeLastRow()
            return .untold(error)
        }
        if let watched = watched[origin.entity], watched.mustJudge(entity.decoder.layout, header.position) {
            let layout = entity.decoder.layout
            entity.rows.removeLastRow()
            return .unjudged(
                ContractWatch.Question(
                    entity: origin.entity, layout: layout,
                    description: layout == 0 ? nil : entity.decoder.layout(layout), header: header, place: origin.place,
                    record: "\(message.topic)[\(message.partition)]@\(message.offset)", offset: message.offset))
        }
        return reduce(row, message, origin, entity)
    }

    /// Puts a decoded row into the batch, or behind the parked events of its key.
    func reduce(_ row: Int, _ message: borrowing Message, _ origin: Origin, _ entity: EntityBatch) -> Outcome {
        let header = entity.rows.header(row)
        if !parked[origin.entity].isEmpty {
            let key = entity.key(of: row)
            if parked[origin.entity].contains(key) {
                entity.rows.removeLastRow()
                setAside(message, origin, key: key, reason: "behind", "an earlier event of its key is in quarantine")
                return .taken
            }
        }
        if entity.reduce(row) == .barrier { return .barrier }
        advance(message, origin, header)
        return .taken
    }

    private func takeAnnouncement(_ message: borrowing Message, _ origin: Origin) -> Outcome {
        if noted.map({ $0 != (origin.place, message.offset) }) ?? true, let value = message.value,
            let tables = try? schemaChangeReader.tables(in: value),
            tables.contains(where: { table in watched.contains { $0?.entity.source == table.table } })
        {
            return .announced(
                tables, record: "\(message.topic)[\(message.partition)]@\(message.offset)", place: origin.place,
                offset: message.offset)
        }
        return skip(.schemaChange, message, origin)
    }

    /// A message that cannot be decoded may be the first one of another contract.
    private func hint(_ message: borrowing Message, _ origin: Origin) -> ContractWatch.Question? {
        guard hasSource, let watched = watched[origin.entity],
            watched.asked.map({ $0 != (origin.place, message.offset) }) ?? true
        else { return nil }
        return ContractWatch.Question(
            entity: origin.entity, layout: 0, description: nil, header: nil, place: origin.place,
            record: "\(message.topic)[\(message.partition)]@\(message.offset)", offset: message.offset)
    }

    /// Whether another partition has shown already that the event's table was truncated after it.
    private func isTruncated(_ header: RowHeader, _ origin: Origin) -> Bool {
        guard let truncated = truncated[origin.entity], let position = header.position else { return false }
        return position < truncated
    }

    /// Whether the opposite flow made the change. A row that it made may have defaults of this flow's own side in it, which
    /// are news.
    private func isEcho(_ header: RowHeader, _ origin: Origin) throws -> Bool {
        guard let echoes, let transaction = header.transaction else { return false }
        if header.operation == .create, batch.entities[origin.entity].entity.hasOwnDefaults { return false }
        return try header.isApplied || echoes.contains(transaction, place: origin.place)
    }
}
