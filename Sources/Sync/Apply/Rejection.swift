internal import Ledger
internal import LibPQ

/// Whether the target rejects a row for what is in it.
func isRejection(_ error: any Error) -> Bool {
    if case .quarantine = ErrorClass(error) { true } else { false }
}

/// Whether a rejection may only be a matter of order, so that it is worth waiting: what the row points at, the delete of
/// the row that has its unique value, or the other half of its key change may be on its way.
func mayPass(_ rejection: any Error) -> Bool { waitingReasons.contains(reason(of: rejection)) }

/// The reasons for which keys are parked that are worth trying again without anybody's help.
let waitingReasons: Set = ["missing-parent", "conflict", "missing-half"]

/// Why an event is set aside, in the quarantine's words.
func reason(of rejection: any Error) -> String {
    if let found = rejection as? DefectFound { return found.defect }
    switch sqlState(of: rejection) {
    case SQLState.foreignKeyViolation: return "missing-parent"
    case SQLState.uniqueViolation, SQLState.exclusionViolation: return "conflict"
    default: break
    }
    if let error = rejection as? SyncError { return error.code == .awaited ? "missing-half" : error.code.rawValue }
    return "rejected"
}

/// The SQLSTATE of a rejection, if the target gave one.
func sqlState(of rejection: any Error) -> SQLState? {
    switch rejection {
    case is Clash: .uniqueViolation
    case is MissingParent: .foreignKeyViolation
    default: (rejection as? PostgresError)?.sqlState
    }
}

/// What another row would have to do for a rejected one to be applied, as far as that is known.
func obstacle(of rejection: any Error) -> QuarantinedEvent.Obstacle? {
    switch rejection {
    case let clash as Clash: .holder(clash.holder)
    case let missing as MissingParent: .parent(constraint: missing.constraint, key: missing.key)
    default: nil
    }
}

/// A row points at one that is not there.
struct MissingParent: Error, CustomStringConvertible {
    let parent: String
    let constraint: String
    /// The values of the columns that point there.
    let key: [String]

    var description: String { "the row of \(parent) that it points at is not there (foreign key \(constraint))" }
}

/// A row has a known defect for which the playbook sets rows aside.
struct DefectFound: Error, CustomStringConvertible {
    /// The defect's name in the playbook.
    let defect: String

    var description: String { "a known defect that the playbook sets aside, \(defect)" }
}
