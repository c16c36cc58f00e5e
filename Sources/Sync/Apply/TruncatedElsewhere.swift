internal import Model

/// A batch holds events of a table that was truncated after them, as another lane has found out since they were taken:
/// they must be taken anew, without those.
struct TruncatedElsewhere: Error {
    /// The place of the entity in the playbook.
    let entity: Int
    let position: SourcePosition
}
