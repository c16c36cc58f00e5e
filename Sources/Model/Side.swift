/// One of the two systems.
public enum Side: String, Sendable, CaseIterable, Encodable {
    /// The system that is being left.
    case source
    /// The PostgreSQL that the data moves to.
    case target

    /// The other one.
    public var other: Side { self == .source ? .target : .source }
}
