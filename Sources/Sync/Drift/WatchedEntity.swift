internal import ChangeEvents
internal import Model
internal import Playbook

/// What a lane knows of one entity's contract with the source: which layouts of events keep to it.
///
/// The row path asks `mustJudge` alone, which for a layout met before is one comparison.
final class WatchedEntity {
    let entity: CompiledEntity
    let pinned: PinnedContract
    /// Layouts that may be taken.
    private var fine: Set<Int> = []
    /// Layouts that lack columns and may be taken where the event is older than the contract.
    private var fineWhenOld: Set<Int> = []
    private var latest = -1
    /// From here on in the source's log events may have been changed in a way that they do not show.
    private(set) var barrier: LSN?
    /// From here on the connector has announced a change that events do not show.
    var announcedBarrier: SourcePosition?
    /// The end of the source's log when it was last found to keep to what events do not show.
    private(set) var confirmed: LSN?
    /// What the embedded schema says of the columns, of the events that were fine last.
    private(set) var schema: [String: String]?
    /// A message that cannot be decoded, and about which the source was asked.
    var asked: (place: Int, offset: Int64)?

    init(_ entity: CompiledEntity, _ pinned: PinnedContract) {
        self.entity = entity
        self.pinned = pinned
        confirmed = pinned.confirmed ?? pinned.position
    }

    /// Whether a row must not be taken before `ContractWatch` has been asked about it.
    @inline(__always)
    func mustJudge(_ layout: Int, _ position: SourcePosition?) -> Bool {
        if layout == latest, barrier == nil, announcedBarrier == nil { return false }
        return mayBeAffected(layout, position)
    }

    private func mayBeAffected(_ layout: Int, _ position: SourcePosition?) -> Bool {
        if let barrier, let position, position.minor >= barrier.rawValue { return true }
        if isAnnounced(position) { return true }
        if layout == 0 { return false }
        if fine.contains(layout) {
            latest = layout
            return false
        }
        return !(fineWhenOld.contains(layout) && isOlderThanContract(position))
    }

    /// Whether an event stands behind a change that was announced.
    func isAnnounced(_ position: SourcePosition?) -> Bool {
        guard let announcedBarrier, let position else { return false }
        return position >= announcedBarrier
    }

    func isOlderThanContract(_ position: SourcePosition?) -> Bool {
        guard let position, let pinned = pinned.position else { return false }
        return position.minor < pinned.rawValue
    }

    /// Rows of the layout may be taken from now on.
    func accept(_ layout: Int, _ description: EventLayout?) {
        guard layout != 0 else { return }
        fine.insert(layout)
        if let described = description?.schema { schema = described }
    }

    func acceptWhenOld(_ layout: Int) { fineWhenOld.insert(layout) }

    /// The source was looked at when its log ended at `position`, and what events do not show was as the contract says, or
    /// was not.
    func note(isKept: Bool, at position: LSN?) {
        if isKept {
            barrier = nil
            if let position { confirmed = position }
        } else if barrier == nil {
            barrier = confirmed ?? LSN(rawValue: 0)
        }
    }
}
