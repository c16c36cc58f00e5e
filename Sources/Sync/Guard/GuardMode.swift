/// What a guard does with a write to what its side does not own.
public enum GuardMode: String, Sendable, CaseIterable {
    /// The statement fails.
    case reject
    /// The write goes through and is recorded: who, from where, when, table, key, columns.
    case record
    /// Nothing is kept from anybody, nor recorded; that there is a guard to be switched on is remembered.
    case off
}
