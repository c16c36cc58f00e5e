/// What a probe of a limiting factor came to.
public enum ThrottleReading: Hashable, Sendable {
    /// A value and the limit that it is to stay under, in the factor's unit.
    case measured(Double, limit: Double)
    /// It could not be had, and why.
    case failed(String)
}
