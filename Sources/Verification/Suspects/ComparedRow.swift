/// A source row, mapped, as one snapshot had it.
struct SourceRow: Sendable {
    /// The version of the row: another one has another number.
    let version: String
    /// Whether it is in a scope that is live, or in one that has started.
    let isInLiveScope: Bool
    /// The predicates of ownership that hold, a bit each.
    let owned: Int
    /// Whether it has a defect for which the playbook sets rows aside.
    let isSetAside: Bool
    /// The source's key, as the ledger writes it.
    let sourceKey: String
    let values: [String?]
}

/// A target row.
struct TargetRow: Sendable {
    let version: String
    let owned: Int
    let values: [String?]
}

/// What comparing the two sides of a key comes to.
enum RowVerdict: Hashable, Sendable {
    /// The same as far as the source owns it, or nowhere, or nowhere yet where it need not be.
    case equal
    /// The source's row has a defect for which it is set aside.
    case setAside
    case missing
    case extra
    /// The target columns that differ.
    case different([String])
}
