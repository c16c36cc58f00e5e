internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// Applies a lane's batches, each in one target transaction: rows, quarantine and checkpoints together.
///
/// Lock order: the entities' lock tables by number, then rows in key order, then checkpoints by topic and partition.
final class BatchApplier {
    /// What applying a batch came to.
    struct Applied {
        /// By the places of the partitions.
        var accountings: [Accounting] = []
        /// Keys that now have events in quarantine, by entity.
        var parked: [Int: Set<[String]>] = [:]
    }

    let session: TargetSession
    let entities: [EntityApplier]
    let reader: SourceReader?
    private var breaker: CircuitBreaker
    /// So many keys of an entity may wait for their parents.
    let mostWaiting: Int
    /// The events that were set aside.
    var quarantine: Quarantine { Quarantine(on: connection) }
    var connection: Connection { session.connection }

    /// An applier in a session, for the playbook's entities in its order.
    init(_ playbook: CompiledPlaybook, ids: [EntityName: EntityID], session: TargetSession, reader: SourceReader?)
        throws
    {
        let buffer = CopyBuffer()
        self.session = session
        self.reader = reader
        breaker = CircuitBreaker(playbook)
        mostWaiting = playbook.limits.waitingKeys
        entities = try playbook.entities.map { entity in
            guard let id = ids[entity.name] else {
                throw SyncError(.configuration, "the entity \(entity.name) is not in the ledger")
            }
            return EntityApplier(entity: entity, id: id, session: session, buffer: buffer)
        }
        try session.prepare(Checkpoints.advance.name, Checkpoints.advance.sql)
        try session.prepare("versions", "SELECT id, version FROM tidegate.entity WHERE id = ANY ($1::integer[])")
    }

    /// Applies a batch and moves the checkpoints of its partitions.
    ///
    /// When the target rejects a value, the batch is taken apart until the rows that it rejects are found; these go to
    /// the quarantine with all events of their keys, the rest is applied.
    ///
    /// A row that misses its parent, or the other half of its key change, may only be ahead of it: until the lane has
    /// been patient, that is an error like a deadlock, to be tried again.
    ///
    /// When it throws, nothing of the batch is in the target, unless the connection broke while committing: then only
    /// the checkpoints tell.
    ///
    /// - Parameter isolating: is asked before rows are looked for that the target rejects; what it throws is thrown.
    func apply(
        _ batch: LaneBatch, events: MessageSource, isPatient: Bool, clock: inout LaneClock,
        isolating: () throws -> Void = {}
    ) throws -> Applied {
        do {
            return try attempt(batch, events, session.isReplica ? .deletesFirst : .writesFirst, &clock)
        } catch  where isRejection(error) {
            var rejection = error
            // A value that is there already may be in a row that the batch deletes, or that gets another one in it.
            if reason(of: error) == "conflict" {
                do {
                    return try attempt(batch, events, .untangling, &clock)
                } catch  where isRejection(error) { rejection = error }
            }
            if isPatient, mayPass(rejection) { throw rejection }
            if !mayPass(rejection) { try isolating() }
            return try attempt(batch, events, .isolating, &clock)
        }
    }

    /// How a batch is written.
    private enum Attempt {
        /// Images first, as foreign keys in force want it.
        case writesFirst
        /// Deletes first, in a session without foreign-key checks.
        case deletesFirst
        /// As unique values that move between rows want it: deletes first, where these take no other rows along, and rows that
        /// pass values on to each other out of each other's way.
        case untangling
        /// In parts, down to the rows that the target rejects.
        case isolating
    }

    /// Not where a delete would take other rows with it: some of them may only be about to point elsewhere.
    private func mayDeleteFirst(_ batch: LaneBatch) throws -> Bool {
        if session.isReplica { return true }
        return try batch.entities.indices.allSatisfy { index in
            try batch.entities[index].isEmpty || !entities[index].hasCascades()
        }
    }

    private func attempt(
        _ batch: LaneBatch, _ events: MessageSource, _ attempt: Attempt, _ clock: inout LaneClock
    ) throws -> Applied {
        let taken = batch.entities.indices.filter { !batch.entities[$0].isEmpty || batch.truncate?.entity == $0 }
        for index in taken { try about(index) { try entities[index].prepareSession() } }
        do {
            try begin(taken, truncating: batch.truncate?.entity)
            try refuseTruncated(taken, batch)
            let withRows = taken.filter { !batch.entities[$0].isEmpty }
            var outcome = ApplyOutcome()
            if attempt == .isolating {
                try RejectionSearch(entities: entities, session: session, reader: reader)
                    .apply(withRows, of: batch, &outcome)
                try breaker.check(outcome, batch)
                try checkWaiting(outcome, batch)
            } else if attempt == .untangling {
                try applyImages(of: withRows, batch, deletesFirst: mayDeleteFirst(batch), untangles: true, &outcome)
            } else {
                try applyImages(of: withRows, batch, deletesFirst: attempt == .deletesFirst, &outcome)
            }
            if let truncate = batch.truncate {
                try about(truncate.entity) { try entities[truncate.entity].truncate(truncate, reader: reader) }
            }
            let parked = try setAside(batch, outcome, events)
            try note(outcome, rows: { batch.entities[$0] }) { batch.partitions[$0]?.checkpoint.partition }
            clock.applied()
            let accountings = batch.accountings(outcome)
            try advance(batch, accountings)
            try connection.execute("COMMIT")
            clock.committed()
            breaker.note(outcome, batch)
            return Applied(accountings: accountings, parked: parked)
        } catch {
            for index in taken { entities[index].rolledBack() }
            if connection.isAlive { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// Says of an error for which an entity has to stop which one it is.
    private func about<Outcome>(_ entity: Int, _ body: () throws -> Outcome) throws -> Outcome {
        do {
            return try body()
        } catch  where ErrorClass(error) == .stopEntity {
            throw EntityFailure(entity: entity, cause: error)
        }
    }

    /// Whether the session works.
    var isAlive: Bool { connection.isAlive }

    private func place(of applier: EntityApplier) -> Int { entities.firstIndex { $0 === applier } ?? 0 }

    /// The place of an entity among the playbook's.
    func place(of entity: EntityID) -> Int? { entities.firstIndex { $0.id == entity } }

    /// Opens the transaction, takes the entities' locks and reads again what has changed since.
    ///
    /// - Parameter truncating: the entity whose table is truncated: no other lane may write it meanwhile. Its lock is the
    ///   stronger one from the beginning, since two lanes that wanted more of what both have would wait for each other.
    func begin(_ taken: [Int], truncating: Int? = nil) throws {
        let ids = taken.map { entities[$0].id }.sorted()
        let truncated = truncating.map { entities[$0].id }
        let results = try connection.pipeline { pipeline in
            try pipeline.query("BEGIN")
            try pipeline.query(AppliedTransactions.record)
            for id in ids { try pipeline.query(id.lock(id == truncated ? .change : .apply)) }
            try pipeline.executePrepared("versions", [.array(ids.map(\.description))])
        }
        guard let versions = results.last else { return }
        for row in versions.rows {
            guard let id = row[0].flatMap(Int32.init), let version = row[1].flatMap(Int64.init),
                let applier = entities.first(where: { $0.id.rawValue == id }), applier.scopes.version != version
            else { continue }
            applier.scopes = ScopeView(try Scopes(on: connection).read(applier.id), of: applier.entity)
            applier.adopt(try Ownership(on: connection).epoch())
        }
    }

    /// Events that a truncate has made obsolete cannot be taken out of a batch that is reduced: later ones have inherited
    /// from them.
    private func refuseTruncated(_ taken: [Int], _ batch: LaneBatch) throws {
        for index in taken {
            guard let position = entities[index].scopes.truncated,
                batch.entities[index].hasEvents(before: position)
            else { continue }
            throw TruncatedElsewhere(entity: index, position: position)
        }
    }

    private func applyImages(
        of taken: [Int], _ batch: LaneBatch, deletesFirst: Bool, untangles: Bool = false,
        _ outcome: inout ApplyOutcome
    ) throws {
        var started: [Work] = []
        for index in taken {
            let images = batch.entities[index].finalImages()
            if entities[index].scopes.isPending {
                outcome.skipped += batch.entities[index].count(images, as: .pending)
            } else {
                started.append((entities[index], batch.entities[index], images))
            }
        }
        try applyImages(started, deletesFirst: deletesFirst, untangles: untangles, &outcome)
    }

    typealias Work = (applier: EntityApplier, rows: EntityBatch, images: [Int32])

    /// Without foreign-key checks each entity is written at once, deletes first; with them all images are written,
    /// parents before children, and then deletes done, children before parents, or the other way round.
    func applyImages(
        _ work: [Work], deletesFirst: Bool, untangles: Bool = false, _ outcome: inout ApplyOutcome
    ) throws {
        func each(_ work: some Sequence<Work>, _ body: (EntityApplier, EntityBatch, [Int32]) throws -> Void) throws {
            for (applier, rows, images) in work {
                try about(place(of: applier)) {
                    try body(applier, rows, images)
                    try applier.flush()
                }
            }
        }
        func stage(_ applier: EntityApplier, _ rows: EntityBatch, _ images: [Int32], deletesFirst: Bool) throws {
            outcome.add(try applier.stage(images, of: rows, deletesFirst: deletesFirst), of: place(of: applier), rows)
        }
        func write(_ applier: EntityApplier, _ rows: EntityBatch, deletesFirst: Bool) throws {
            let written = try applier.write(
                of: rows, deletesFirst: deletesFirst, untangles: untangles, reader: reader)
            outcome.add(written, of: place(of: applier), rows)
        }
        if session.isReplica {
            return try each(work) { applier, rows, images in
                try stage(applier, rows, images, deletesFirst: true)
                try applier.delete(afterWriting: false)
                try write(applier, rows, deletesFirst: true)
            }
        }
        if deletesFirst {
            try each(work) { try stage($0, $1, $2, deletesFirst: true) }
            try each(work.reversed()) { applier, _, _ in try applier.delete(afterWriting: false) }
        }
        try each(work) { applier, rows, images in
            if !deletesFirst { try stage(applier, rows, images, deletesFirst: false) }
            try write(applier, rows, deletesFirst: deletesFirst)
        }
        guard !deletesFirst else { return }
        try each(work.reversed()) { applier, _, _ in try applier.delete(afterWriting: true) }
    }

    private func setAside(
        _ batch: LaneBatch, _ outcome: ApplyOutcome, _ events: MessageSource
    ) throws -> [Int: Set<[String]>] {
        var parked: [Int: Set<[String]>] = [:]
        // In the order of their partitions: a key's first event decides what becomes of those behind it.
        let all = (batch.setAside + outcome.rejections(of: batch, events))
            .sorted { ($0.partitionIndex, $0.offset) < ($1.partitionIndex, $1.offset) }
        let quarantined = all.compactMap { event -> QuarantinedEvent? in
            guard let checkpoint = batch.partitions[event.partitionIndex]?.checkpoint else { return nil }
            if let key = event.key { parked[event.entity, default: []].insert(key) }
            return event.quarantined(in: checkpoint, entity: entities[event.entity].id)
        }
        if !quarantined.isEmpty { try quarantine.insert(quarantined) }
        return parked
    }

    private func advance(_ batch: LaneBatch, _ accountings: [Accounting]) throws {
        let steps = batch.partitions.enumerated()
            .compactMap { place, progress in progress?.advance(accountings[place]) }
            .sorted { $0.from.partition < $1.from.partition }
        let results = try connection.pipeline { pipeline in
            for step in steps {
                try pipeline.executePrepared(Checkpoints.advance.name, Checkpoints.advanceParameters(step))
            }
        }
        for (step, result) in zip(steps, results) { try Checkpoints.confirm(result, step) }
    }
}
