internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// Watches whether the source of a lane's entities keeps to its contracts, and decides what is done where it does not.
///
/// An event shows by its layout that a column came, went or has another name. What no event shows (types, NULL, keys, a
/// table that is gone) is seen in the source's catalog, which is looked at now and then, and at once when an event hints at
/// a change: a new layout, a value that is rejected, a message that cannot be decoded. Such a change happened after the last
/// look that found nothing, so an entity that is to pause stops before the first event from after that look.
final class ContractWatch {
    /// What the lane wants to know before it takes a message.
    struct Question {
        let entity: Int
        /// 0 where there is none: a delete, or a message that cannot be decoded.
        let layout: Int
        let description: EventLayout?
        /// nil for a message that cannot be decoded.
        let header: RowHeader?
        let place: Int
        let record: String
        let offset: Int64
    }

    /// One for each entity of the playbook; nil for an entity without a contract.
    let entities: [WatchedEntity?]
    private let playbook: Playbook
    private let source: ConnectionString?
    private var connection: Connection?

    init(_ playbook: CompiledPlaybook, contracts: [EntityName: PinnedContract], source: ConnectionString?) {
        self.playbook = playbook.playbook
        self.source = source
        entities = playbook.entities.map { entity in contracts[entity.name].map { WatchedEntity(entity, $0) } }
    }

    /// Whether the source's catalog can be looked at.
    var canLook: Bool { source != nil }

    /// Decides whether a message may be taken.
    ///
    /// - Parameter ledger: where a difference is noted, outside a transaction.
    /// - Throws: `EntityFailure` of a `SyncError` of code `drift` when the entity pauses before it; otherwise what kept the
    ///   source or the ledger from being asked.
    func judge(_ question: Question, ledger: Connection) throws {
        guard let watched = entities[question.entity] else { return }
        let shown = question.description.map { watched.pinned.contract.difference(toFields: Set($0.fields)) } ?? []
        let retyped = schemaChanges(watched, question.description)
        if question.header != nil, watched.barrier == nil, !watched.isAnnounced(question.header?.position),
            shown.isEmpty, retyped.isEmpty
        {
            return watched.accept(question.layout, question.description)
        }
        guard canLook else {
            if watched.isAnnounced(question.header?.position) { throw try announcedFailure(watched, question, ledger) }
            try react(try told(shown, watched, ledger) + retyped, watched, question, ledger)
            return watched.accept(question.layout, question.description)
        }
        let changes: [ContractChange]
        do {
            changes = try look([watched], seeing: question.header?.transaction, ledger)[watched.entity.name] ?? []
        } catch {
            // It is this entity's question, the others go on.
            throw EntityFailure(entity: question.entity, cause: error)
        }
        let names = Set(shown.flatMap(\.visibleColumns))
        try react(
            changes.filter { change in
                change.visibleColumns.isEmpty
                    ? isAffected(watched, question) : !change.visibleColumns.isDisjoint(with: names)
            }, watched, question, ledger)
        if shown.contains(where: { if case .dropped = $0 { true } else { false } }),
            watched.isOlderThanContract(question.header?.position)
        {
            watched.acceptWhenOld(question.layout)
        } else {
            watched.accept(question.layout, question.description)
        }
        if question.header == nil { watched.asked = (question.place, question.offset) }
    }

    /// Looks at the source's catalog for changes of some entities, and notes them.
    ///
    /// - Returns: for the first entity that has to pause for what events do not show, and did not have to before, why.
    /// - Throws: what kept the source or the ledger from being asked.
    @discardableResult
    func look(at places: [Int], ledger: Connection) throws -> EntityFailure? {
        guard canLook else { return nil }
        let watched = places.compactMap { place in entities[place].map { (place: place, entity: $0) } }
        let known = watched.map { $0.entity.barrier != nil }
        let changes = try look(watched.map(\.entity), seeing: nil, ledger)
        var pausing: EntityFailure?
        for (one, wasKnown) in zip(watched, known) {
            let found = changes[one.entity.entity.name] ?? []
            for change in found { try note(change, one.entity, seenIn: nil, ledger) }
            guard pausing == nil, !wasKnown, one.entity.barrier != nil else { continue }
            let reasons = found.filter { reaction(to: $0, one.entity) == .pause }.map(\.description)
            pausing = failure(reasons.joined(separator: "; "), one.place, one.entity)
        }
        return pausing
    }

    // MARK: Deciding

    /// Notes differences, and stops the entity if one of them wants that.
    private func react(
        _ changes: [ContractChange], _ watched: WatchedEntity, _ question: Question, _ ledger: Connection
    ) throws {
        for change in changes { try note(change, watched, seenIn: question.record, ledger) }
        let pausing = changes.filter { reaction(to: $0, watched) == .pause }
        guard !pausing.isEmpty else { return }
        throw failure(pausing.map(\.description).joined(separator: "; "), question.entity, watched)
    }

    func failure(_ changes: String, _ place: Int, _ watched: WatchedEntity) -> EntityFailure {
        EntityFailure(
            entity: place,
            cause: SyncError(
                .drift,
                """
                \(watched.entity.source) no longer keeps to its contract, version \(watched.pinned.version): \(changes); \
                `tidegate playbook drift` proposes what to do
                """))
    }

    /// Whether an event may be from after a change that it does not show.
    private func isAffected(_ watched: WatchedEntity, _ question: Question) -> Bool {
        guard let position = question.header?.position, let barrier = watched.barrier else { return true }
        return position.minor >= barrier.rawValue
    }

    private func reaction(to change: ContractChange, _ watched: WatchedEntity) -> DriftPolicy {
        .reaction(to: change, policy: watched.entity.drift)
    }

    func note(
        _ change: ContractChange, _ watched: WatchedEntity, seenIn: String?, _ ledger: Connection,
        position: SourcePosition? = nil
    ) throws {
        let reaction = reaction(to: change, watched)
        guard reaction != .ignore else { return }
        try Contracts(on: ledger).note(
            change, of: watched.entity.name, reaction: reaction,
            proposal: DriftProposal(change, of: watched.entity, in: playbook), seenIn: seenIn,
            position: position)
    }

    /// What an embedded schema says of the columns that is not what it said before.
    private func schemaChanges(_ watched: WatchedEntity, _ layout: EventLayout?) -> [ContractChange] {
        guard let before = watched.schema, let now = layout?.schema else { return [] }
        return before.sorted { $0.key < $1.key }.compactMap { name, old in
            guard let new = now[name], new != old else { return nil }
            if new == old + "?" || new == old.replacing("?", with: "") {
                return new.contains("?") ? .noLongerNotNull(column: name) : .newlyNotNull(column: name)
            }
            return .retyped(column: name, from: old, to: new)
        }
    }

    // MARK: Looking

    /// How the source differs from the contracts now, by entity.
    private func look(
        _ watched: [WatchedEntity], seeing transaction: UInt32?, _ ledger: Connection
    ) throws -> [EntityName: [ContractChange]] {
        guard let source, !watched.isEmpty else { return [:] }
        let open = try connection ?? Connection(source, applicationName: "tidegate sync")
        connection = nil
        // What commits from here on may not be in the catalog that is read.
        let position = try SourceLog(on: open).end()
        if let transaction { try SourceTransactions(on: open).wait(for: transaction) }
        let catalog = try Catalog(reading: watched.map { $0.entity.source }, on: open)
        connection = open
        var changes: [EntityName: [ContractChange]] = [:]
        var kept: [EntityName] = []
        for one in watched {
            let now = catalog[one.entity.source].map(playbook.contract)
            let found = one.pinned.contract.difference(to: now)
            changes[one.entity.name] = found
            let isKept = !found.contains { $0.visibleColumns.isEmpty && reaction(to: $0, one) == .pause }
            one.note(isKept: isKept, at: position)
            if isKept { kept.append(one.entity.name) }
            try Contracts(on: ledger).settle(one.entity.name, keeping: found)
        }
        try Contracts(on: ledger).confirm(kept, at: position)
        return changes
    }
}
