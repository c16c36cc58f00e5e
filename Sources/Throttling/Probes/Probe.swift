import Model

/// Reads one limiting factor.
protocol Probe: AnyObject {
    var factor: LimitingFactor { get }

    /// Reads it.
    ///
    /// - Throws: why it cannot be read, without row values.
    func read(at now: ContinuousClock.Instant) throws -> ThrottleReading
}

/// Why a probe cannot tell.
struct ProbeError: Error, CustomStringConvertible {
    let description: String
}
