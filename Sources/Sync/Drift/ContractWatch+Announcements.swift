internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// What the connector itself announces of DDL, for sources that cannot be asked.
extension ContractWatch {
    /// Compares announced tables with what was announced of them before, or else with the contract's names, and notes the
    /// differences. The position of the DDL is where an entity stops that pauses for what events do not show.
    func note(_ tables: [AnnouncedTable], _ record: String, _ ledger: Connection) throws {
        let contracts = Contracts(on: ledger)
        for announcement in tables {
            guard let place = entities.firstIndex(where: { $0?.entity.source == announcement.table }),
                let watched = entities[place]
            else { continue }
            if canLook {
                try look(at: [place], ledger: ledger)
                continue
            }
            let name = watched.entity.name
            let before = try contracts.announced(name) ?? watched.pinned.contract.namesAlone
            for change in before.difference(to: announcement.shape) {
                let isHidden = change.visibleColumns.isEmpty
                try note(change, watched, seenIn: record, ledger, position: isHidden ? announcement.position : nil)
            }
            if let shape = announcement.shape { try contracts.announce(shape, of: name) }
        }
        try readBarriers(ledger)
    }

    /// Reads where entities have to stop because of what was announced, here or to another lane.
    func readBarriers(_ ledger: Connection) throws {
        guard !canLook, entities.contains(where: { $0 != nil }) else { return }
        let barriers = try Contracts(on: ledger).barriers()
        for watched in entities { watched?.announcedBarrier = watched.flatMap { barriers[$0.entity.name] } }
    }

    /// What an event's fields show, with what the connector has announced of it.
    func told(_ changes: [ContractChange], _ watched: WatchedEntity, _ ledger: Connection) throws -> [ContractChange] {
        guard !changes.isEmpty, let announced = try Contracts(on: ledger).announced(watched.entity.name) else {
            return changes
        }
        return changes.map { change in
            guard case .added(let column) = change, let known = announced.column(column.name) else { return change }
            return .added(known)
        }
    }

    /// Why an entity stops before an event that stands behind an announced change.
    func announcedFailure(
        _ watched: WatchedEntity, _ question: Question, _ ledger: Connection
    ) throws -> EntityFailure {
        let list = try Contracts(on: ledger).drifts()
            .filter { $0.entity == watched.entity.name.rawValue && $0.reaction == DriftPolicy.pause.rawValue }
        return failure(list.map(\.change).joined(separator: "; "), question.entity, watched)
    }
}

extension SourceContract {
    /// The same as far as another system's words for types can be compared with it: the names.
    fileprivate var namesAlone: SourceContract {
        var names = self
        for index in names.columns.indices {
            names.columns[index].type = nil
            names.columns[index].isNotNull = nil
        }
        return names
    }
}
