/// What an event says about one column. The four are different things and must never be confused.
public enum Presence: UInt8, Sendable {
    /// The event holds the value.
    case value
    /// The column is SQL NULL.
    case null
    /// The event does not mention the column: it says nothing about it.
    case absent
    /// The event mentions the column but not its value (an unchanged out-of-line value, or one that the connector's
    /// encoding could not carry): the row keeps what it has.
    case unavailable
}
