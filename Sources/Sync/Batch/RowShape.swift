internal import Playbook

/// Which columns a final image brings: rows of one shape share their statements.
struct RowShape: Hashable {
    /// The columns with a value or NULL.
    var present: ColumnSet
    /// Whether others are unavailable: the row is to be updated where it is, it cannot be made anew.
    var isPartial: Bool
    /// Whether the row has come from another key as well: what it lacks was never under this one.
    var isArrival: Bool
}
