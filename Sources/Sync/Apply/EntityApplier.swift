internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// Writes the final images of one entity, in one target session, within the lane's open transaction.
///
/// In three parts, of which the middle one is the last in a session with foreign-key checks: `stage`, `delete`, `write`.
/// Statements that need no answer are sent with the next that do, or with `flush`.
final class EntityApplier {
    let entity: CompiledEntity
    let id: EntityID
    /// What is known of its scopes.
    var scopes = ScopeView()
    /// Who owns what of it, as of the same version.
    private(set) var ownership: EntityOwnership
    let session: TargetSession
    let buffer: CopyBuffer
    let filter: StageFilter
    let moves: KeyMoves
    private let movesRows: Bool
    private let hasInjectiveKey: Bool
    private(set) var plans: [WritePlan] = []
    /// What is in the stage.
    var staged = EntityBatch.Staged()
    private(set) var halves = EntityBatch.Moves()
    private var steps: [Step] = []
    private var hasStage = false
    private var rangesVersion: Int64?
    private var cascades: Bool?

    init(entity: CompiledEntity, id: EntityID, session: TargetSession, buffer: CopyBuffer) {
        self.entity = entity
        self.id = id
        self.session = session
        self.buffer = buffer
        filter = StageFilter(entity: entity, id: id)
        movesRows = entity.movesRows
        hasInjectiveKey = entity.hasInjectiveKey
        ownership = EntityOwnership(of: entity, in: OwnershipEpoch())
        moves = KeyMoves(entity: entity, entityID: Int(id.rawValue))
    }

    var connection: Connection { session.connection }
    var statements: EntityStatements { entity.statements }
    /// Whether merged chunks may have taken rows out of the stage.
    var dropsSeen: Bool { scopes.loading != nil }

    /// The session's name for one of the entity's statements.
    func name(_ statement: String) -> String { "\(statement) \(entity.name)" }

    /// Makes what must be there before the transaction begins.
    func prepareSession() throws {
        guard !hasStage else { return }
        try connection.execute(statements.createStage)
        if movesRows { try connection.execute(moves.create) }
        hasStage = true
    }

    /// The transaction was rolled back: tables made in it are gone.
    func rolledBack() {
        rangesVersion = nil
        steps.removeAll()
    }

    /// Ownership may have been transferred.
    func adopt(_ epoch: OwnershipEpoch) {
        guard ownership.epoch != epoch.number else { return }
        ownership = EntityOwnership(of: entity, in: epoch)
        plans.removeAll()
    }

    // MARK: Staging

    /// Puts images into the stage, takes out what a merged chunk has seen and what is not the source's to write, and reads
    /// the rows whose keys change.
    ///
    /// - Parameter deletesFirst: whether `delete` comes before `write`; then a fresh image replaces what is there.
    func stage(_ images: [Int32], of batch: EntityBatch, deletesFirst: Bool) throws -> StageOutcome {
        buffer.removeAll()
        staged = batch.stage(images, replacingFresh: deletesFirst, into: buffer)
        halves = EntityBatch.Moves()
        try copy(statements.copyIntoStage)
        try markDirty()
        while plans.count < batch.shapes.shapes.count {
            plans.append(
                WritePlan(entity: entity, shape: batch.shapes.shapes[plans.count], ownership: ownership))
        }
        let seen = try dropSeen()
        var outcome = try judge(images, batch)
        outcome.skipped += seen
        if !staged.moves.isEmpty { try stageMoves(of: batch) }
        return outcome
    }

    /// The rows whose departures these were stay where they are.
    func keepInPlace(_ deletes: Set<Int>) { staged.moves.removeAll(where: deletes.contains) }

    private func stageMoves(of batch: EntityBatch) throws {
        buffer.removeAll()
        halves = batch.writeMoves(staged, into: buffer)
        guard !halves.isEmpty else { return }
        try copy(moves.copy)
        try lookingUp {
            try queue(dropsSeen ? "read moving, seen" : "read moving", moves.read(seen: dropsSeen))
            if halves.hasOpen { try queue("exchange", moves.exchange) }
            if !hasInjectiveKey { try queue("keep", moves.keepRows) }
        }
    }

    /// Queues statements that find rows by their keys, one for each half of a key change, in tables that may have been
    /// empty when they were last analyzed or the statement was planned.
    private func lookingUp(_ body: () throws -> Void) throws {
        try queue("look up", "SET LOCAL enable_seqscan = off")
        try body()
        try queue("scan", "SET LOCAL enable_seqscan = on")
    }

    /// Tells a verification which of its ranges the staged events change.
    private func markDirty() throws {
        guard let bounds = scopes.watched else { return }
        let mark = WatchedRanges.mark(id, stage: statements.stage, key: entity.handoverKey, bounds: bounds)
        try queue(bounds.isEmpty ? "mark whole" : "mark", mark.sql, mark.parameters)
    }

    /// Takes all rows out of the stage.
    func clearStage() throws {
        try connection.execute("DELETE FROM \(statements.stage)")
        if movesRows { try connection.execute("DELETE FROM \(moves.table)") }
    }

    /// Copies what the buffer holds.
    func copy(_ sql: String) throws {
        try flush()
        try connection.copyIn(sql) { writer in try writer.write(buffer.bytes) }
    }

    /// The images that have their target key in common with others of them.
    func imagesSharingKeys(_ images: [Int32], of batch: EntityBatch) throws -> [Int32] {
        try stageAlone(images, of: batch)
        let found = try connection.query(filter.sharingKeys)
        try clearStage()
        return found.rows.compactMap { $0[0].flatMap { Int32($0) } }
    }

    // MARK: Deleting

    /// Deletes the rows of the staged deletes.
    ///
    /// - Parameter written: whether the images have been written: then a row that one of them wrote stays.
    func delete(afterWriting written: Bool) throws {
        if !written {
            if staged.hasDeletes { try queue("delete", statements.delete) }
        } else if hasInjectiveKey {
            try queue("delete", statements.delete)
        } else {
            try queue("delete unless written", statements.deleteUnlessWritten)
        }
    }

    /// Whether deleting a row of the target takes rows of other tables with it or changes them.
    func hasCascades() throws -> Bool {
        if let cascades { return cascades }
        let found = try connection.query(
            """
            SELECT count(*) FROM pg_constraint
            WHERE contype = 'f' AND confrelid = $1::regclass AND confdeltype IN ('c', 'n', 'd')
            """, [.text(entity.target.quoted)])
        cascades = found.scalar != "0"
        return cascades ?? true
    }

    // MARK: Writing

    /// Puts rows of changed keys down, takes out what is in no started scope, and writes the rest.
    ///
    /// - Parameters:
    ///   - deletesFirst: whether `delete` has been called.
    ///   - untangles: whether rows that pass unique values on to each other are taken out of each other's way.
    func write(
        of batch: EntityBatch, deletesFirst: Bool, untangles: Bool = false, reader: SourceReader?
    ) throws -> StageOutcome {
        if halves.hasArrivals {
            try lookingUp { try queueArrivals(deletesFirst: deletesFirst, hasSource: reader != nil) }
        }
        var outcome = StageOutcome()
        outcome.skipped = try dropPending(reader)
        try intake(of: batch, &outcome)
        if untangles { try untangle() }
        for mask in staged.masks.sorted() {
            for (number, sql) in plans[Int(mask)].sql.enumerated() {
                try queue(versioned("write \(mask).\(number)"), sql, [.int(mask)])
            }
        }
        if staged.masks.contains(where: { plans[Int($0)].needsRow }) {
            try flush()
            outcome.skipped += try complete(deletesFirst: deletesFirst, reader)
        }
        if !halves.isEmpty { try lookingUp { try queue("forget", moves.forget) } }
        return outcome
    }

    private func queueArrivals(deletesFirst: Bool, hasSource: Bool) throws {
        let seen = dropsSeen
        let variant = "\(deletesFirst ? ", replacing" : "")\(seen ? ", seen" : "")"
        try queue(
            "place\(variant)", moves.place(over: false, all: deletesFirst, hasSource: hasSource, seen: seen))
        guard halves.hasFresh, !deletesFirst else { return }
        try queue("place over\(variant)", moves.place(over: true, all: false, hasSource: hasSource, seen: seen))
        if let reset = moves.reset(seen: seen) { try queue("reset\(variant)", reset) }
    }

    // MARK: What is not to be applied

    /// Takes out what a merged chunk has seen, and remembers the keys that the stream has touched.
    private func dropSeen() throws -> [SkippedImages] {
        guard let loading = scopes.loading else { return [] }
        try session.prepare(name("touch"), filter.touch)
        try connection.executePrepared(name("touch"))
        guard loading.handover == .snapshot else { return [] }
        if rangesVersion != scopes.version {
            try connection.execute(filter.createRanges)
            try connection.execute(filter.refillRanges)
            rangesVersion = scopes.version
        }
        return counted(try connection.query(filter.dropSeen), .inBaseline)
    }

    /// Takes out the rows of no started scope. Whether a row is in the scope of a parent that is not here yet, only
    /// the source can tell.
    func dropPending(_ reader: SourceReader?) throws -> [SkippedImages] {
        guard let limiting = scopes.limiting else { return [] }
        try flush()
        var vouched: [String] = []
        if let reader, limiting.contains(where: \.isByParent) {
            let outside = try connection.query(filter.outsideKeys(limiting))
            let keys = outside.rows.map { row in entity.sourceKey.indices.map { row[$0] ?? "" } }
            if !keys.isEmpty {
                vouched = try reader.keysInScope(limiting, of: entity, keys: keys, seeing: transactions(outside))
            }
        }
        return counted(try connection.query(filter.dropPending(limiting), [.array(vouched)]), .pending)
    }

    func counted(_ result: Result, _ reason: SkipReason) -> [SkippedImages] {
        result.rows.compactMap { row in
            guard let place = row[0].flatMap(Int.init), let count = row[1].flatMap(Int.init) else { return nil }
            return SkippedImages(partitionIndex: place, reason: reason, count: count)
        }
    }

    /// The transactions of staged rows, whose last column they are.
    func transactions(_ result: Result) -> Set<UInt32> {
        Set(result.rows.compactMap { $0[entity.sourceKey.count].flatMap { UInt32($0) } })
    }

    // MARK: Statements

    private struct Step {
        let name: String
        let parameters: [Parameter]
    }

    /// Sends a statement with the next flush.
    func queue(_ label: String, _ sql: @autoclosure () -> String, _ parameters: [Parameter] = []) throws {
        try session.prepare(name(label), sql())
        steps.append(Step(name: name(label), parameters: parameters))
    }

    /// Sends what is queued, and waits until it is done.
    func flush() throws {
        guard !steps.isEmpty else { return }
        defer { steps.removeAll(keepingCapacity: true) }
        try connection.pipeline { pipeline in
            for step in steps { try pipeline.executePrepared(step.name, step.parameters) }
        }
    }
}
