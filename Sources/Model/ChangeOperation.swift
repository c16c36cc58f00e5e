/// What a change event says happened: the envelope's `op`.
public enum ChangeOperation: UInt8, Sendable, CaseIterable {
    /// `c`: a row was inserted.
    case create = 0x63
    /// `u`: a row was updated.
    case update = 0x75
    /// `d`: a row was deleted.
    case delete = 0x64
    /// `r`: a row as a snapshot read it.
    case read = 0x72
    /// `t`: the table was emptied.
    case truncate = 0x74
    /// `m`: a logical message.
    case message = 0x6D
}
