/// Whether a connection is in a transaction.
public enum TransactionStatus: Sendable {
    /// In none.
    case idle
    /// A statement is running.
    case active
    /// In a transaction, between statements.
    case inTransaction
    /// In a transaction that has failed: only a rollback is possible.
    case inError
    /// The connection is bad or closed.
    case unknown
}
