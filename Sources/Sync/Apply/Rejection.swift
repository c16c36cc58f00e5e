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
    if let error = rejection as? SyncError { return error.code == .awaited ? "missing-half" : error.code.rawValue }
    return switch (rejection as? PostgresError)?.sqlState {
    case SQLState.foreignKeyViolation: "missing-parent"
    case SQLState.uniqueViolation: "conflict"
    default: "rejected"
    }
}

/// A row has a known defect for which the playbook sets rows aside.
struct DefectFound: Error, CustomStringConvertible {
    /// The defect's name in the playbook.
    let defect: String

    var description: String { "a known defect that the playbook sets aside, \(defect)" }
}
