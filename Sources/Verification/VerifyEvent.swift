public import Ledger
public import Model

/// What happens while both sides are compared.
public enum VerifyEvent: Sendable {
    /// It goes on with a verification that was not finished.
    case resumed(verification: Int64)
    /// An entity's ranges are there; `toDo` are still to be compared.
    case planned(EntityName, rows: Int, ranges: Int, toDo: Int, isOnSource: Bool)
    /// Nothing of an entity has been loaded.
    case skipped(EntityName)
    /// A range was compared.
    case certified(EntityName, Certificate)
    /// Who or what is waited for.
    case waiting(String)
}
