import ChangeEvents
import Glibc
import LibPQ
import Model
import RDKafka

/// Turns the messages of a pgoutput stream into the connector's events, as they come.
///
/// Positions. An event's `source.sequence` is the end of the last commit before its transaction and its own LSN. What
/// matters to who reads the events is that the pair never goes back but for redelivery. After a restart the last commit
/// is not known, so the position that the slot has confirmed stands for it: it lies at or after the end of the last
/// confirmed commit and before the end of the next, hence in the order of commits, and it is what an event of
/// the same transaction had before, for whenever an idle slot is moved, the last commit moves with it (`raiseFloor`).
final class StreamTranslator {
    let configuration: CaptureConfiguration
    let producer: EventProducer
    let origin: EventOrigin
    private let catalog: RelationCatalog
    private var relations: [UInt32: Relation] = [:]
    var transaction = TransactionContext()
    /// The position of the change being sent.
    private(set) var position = LSN(rawValue: 0)
    /// The end of the last commit, or the position confirmed after it.
    private(set) var lastCommit: LSN
    /// The clock that the events' own times are taken from, in microseconds since 1970.
    private(set) var now: Int64 = 0
    let event = EventBuffer()
    let otherKey = EventBuffer()
    private var newTuple: [ValueSpan] = []
    private var oldTuple: [ValueSpan] = []

    init(
        _ configuration: CaptureConfiguration, catalog: RelationCatalog, producer: EventProducer, database: String,
        confirmed: LSN
    ) {
        self.configuration = configuration
        self.catalog = catalog
        self.producer = producer
        origin = EventOrigin(name: configuration.prefix, database: database)
        lastCommit = confirmed
        readClock()
    }

    /// Whether a transaction's changes have come and its commit has not.
    var isInTransaction: Bool { transaction.isOpen }

    /// Notes that the slot has been moved to a position at which nothing was open.
    func raiseFloor(to confirmed: LSN) { lastCommit = max(lastCommit, confirmed) }

    /// Reads the clock; done once for each batch of messages.
    func readClock() {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        now = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Takes one message and sends what events it makes.
    func handle(_ payload: UnsafeRawBufferPointer, at walStart: LSN) throws {
        var reader = MessageReader(payload)
        position = walStart
        switch try reader.byte() {
        case UInt8(ascii: "I"): try insert(&reader)
        case UInt8(ascii: "U"): try update(&reader)
        case UInt8(ascii: "D"): try delete(&reader)
        case UInt8(ascii: "B"):
            _ = try reader.uint64()
            let micros = Int64(bitPattern: try reader.uint64()) &+ TransactionContext.epoch
            transaction.begin(try reader.uint32(), at: position, commitMicros: micros)
        case UInt8(ascii: "C"): try commit(&reader)
        case UInt8(ascii: "R"): try relation(&reader)
        case UInt8(ascii: "T"): try truncate(&reader)
        case UInt8(ascii: "M"): try message(&reader)
        case UInt8(ascii: "O"):
            let lsn = LSN(rawValue: try reader.uint64())
            transaction.origin = (try reader.string(), lsn)
        // Types, whose names come from the catalog.
        case UInt8(ascii: "Y"): break
        case let kind:
            throw CaptureError(.protocolViolation, "a replication message of an unknown kind, \(kind)")
        }
    }

    private func commit(_ reader: inout MessageReader) throws {
        _ = try reader.byte()
        _ = try reader.uint64()
        let end = LSN(rawValue: try reader.uint64())
        if transaction.isAnnounced { try sendMarker(counts: transaction.tables, at: position) }
        transaction.isOpen = false
        lastCommit = max(lastCommit, end)
        producer.tracker.commit(end.rawValue)
    }

    private func relation(_ reader: inout MessageReader) throws {
        let message = try RelationMessage(&reader)
        let table = TableName(schema: message.schema, name: message.name)
        relations[message.id] = Relation(
            message, types: try catalog.types(of: message), key: try catalog.key(of: message),
            topic: try producer.topic(configuration.topic(of: table)), modes: configuration.modes, origin: origin)
    }

    private func relation(_ id: UInt32) throws -> Relation {
        guard let relation = relations[id] else {
            throw CaptureError(.protocolViolation, "a change of a table that the stream has not described")
        }
        return relation
    }

    // MARK: Rows

    private func insert(_ reader: inout MessageReader) throws {
        let relation = try self.relation(try reader.uint32())
        _ = try reader.byte()
        try reader.tuple(into: &newTuple)
        try encode(.create, relation, before: nil, after: try row(newTuple, reader, relation))
        try producer.send(to: relation.topic, key: event.key, value: event.value)
    }

    private func update(_ reader: inout MessageReader) throws {
        let relation = try self.relation(try reader.uint32())
        let marker = try reader.byte()
        guard marker != UInt8(ascii: "N") else {
            try reader.tuple(into: &newTuple)
            try encode(.update, relation, before: nil, after: try row(newTuple, reader, relation))
            return try producer.send(to: relation.topic, key: event.key, value: event.value)
        }
        try reader.tuple(into: &oldTuple)
        _ = try reader.byte()
        try reader.tuple(into: &newTuple)
        fillUnchanged(relation)
        let old = try row(oldTuple, reader, relation)
        let new = try row(newTuple, reader, relation)
        if !relation.key.isEmpty, try keysDiffer(relation, old, new) { return try changeKey(relation, old, new) }
        try encode(.update, relation, before: old, after: new)
        try producer.send(to: relation.topic, key: event.key, value: event.value)
    }

    private func delete(_ reader: inout MessageReader) throws {
        let relation = try self.relation(try reader.uint32())
        _ = try reader.byte()
        try reader.tuple(into: &oldTuple)
        try encode(.delete, relation, before: try row(oldTuple, reader, relation), after: nil)
        try producer.send(to: relation.topic, key: event.key, value: event.value)
        if configuration.tombstones { try producer.send(to: relation.topic, key: event.key, value: nil) }
    }

    private func keysDiffer(_ relation: Relation, _ old: SourceRow, _ new: SourceRow) throws -> Bool {
        try reading(relation) { () throws(EncodeError) in
            try relation.encoder.encodeKey(of: old, into: otherKey)
            try relation.encoder.encodeKey(of: new, into: event)
        }
        guard let old = otherKey.key, let new = event.key else { return false }
        return !old.elementsEqual(new)
    }

    /// A new key is a delete of the old and a create of the new one, each with a header that names the other.
    private func changeKey(_ relation: Relation, _ old: SourceRow, _ new: SourceRow) throws {
        let newKey = [("__debezium.newkey", event.keyArray ?? [])]
        let oldKey = [("__debezium.oldkey", otherKey.keyArray ?? [])]
        try encode(.delete, relation, before: old, after: nil)
        try producer.send(to: relation.topic, key: event.key, value: event.value, headers: newKey)
        if configuration.tombstones {
            try producer.send(to: relation.topic, key: event.key, value: nil, headers: newKey)
        }
        try encode(.create, relation, before: nil, after: new)
        try producer.send(to: relation.topic, key: event.key, value: event.value, headers: oldKey)
    }

    private func truncate(_ reader: inout MessageReader) throws {
        let count = Int(try reader.uint32())
        _ = try reader.byte()
        guard configuration.truncates else { return }
        for _ in 0..<count {
            let relation = try self.relation(try reader.uint32())
            try encode(.truncate, relation, before: nil, after: nil)
            try producer.send(to: relation.topic, key: nil, value: event.value)
        }
    }

    /// Takes values that the update left alone from the old row, as far as that has them: all with a full replica
    /// identity, else the key's.
    private func fillUnchanged(_ relation: Relation) {
        guard oldTuple.count == newTuple.count else { return }
        for index in newTuple.indices where newTuple[index].presence == .unavailable {
            if relation.hasFullIdentity || relation.key.contains(index) { newTuple[index] = oldTuple[index] }
        }
    }

    private func row(_ tuple: [ValueSpan], _ reader: MessageReader, _ relation: Relation) throws -> SourceRow {
        guard tuple.count == relation.encoder.columns.count else {
            throw CaptureError(.protocolViolation, "a row of \(relation.table) has not as many columns as its table")
        }
        return SourceRow(bytes: reader.bytes, spans: tuple)
    }

    private func encode(
        _ operation: ChangeOperation, _ relation: Relation, before: SourceRow?, after: SourceRow?
    ) throws {
        var order: (total: Int, table: Int)?
        if configuration.transactionMetadata && transaction.isOpen {
            if !transaction.isAnnounced {
                transaction.isAnnounced = true
                try sendMarker(counts: nil, at: transaction.start)
            }
            order = transaction.count(relation.table)
        }
        let stamp = ChangeStamp(
            operation: operation, lastCommit: lastCommit, lsn: position, transaction: transaction.id,
            commitMicroseconds: transaction.commitMicros, sentMicroseconds: now, origin: transaction.origin,
            order: order)
        try reading(relation) { () throws(EncodeError) in
            try relation.encoder.encode(stamp, before: before, after: after, into: event)
        }
    }

    private func reading(_ relation: Relation, _ body: () throws(EncodeError) -> Void) throws(CaptureError) {
        do {
            try body()
        } catch {
            throw CaptureError(.unreadableValue, "\(relation.table), \(error)")
        }
    }
}
