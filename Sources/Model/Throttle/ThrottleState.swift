/// How fast a load may go, and what limits it.
public struct ThrottleState: Hashable, Sendable {
    /// What limits it.
    public enum Cause: Hashable, Sendable {
        /// A reading is, or was, over its limit.
        case over(Double, limit: Double)
        /// A reading could not be had: nobody knows whether the load does harm.
        case failed(String)
        /// All loads together are as fast as they may be.
        case ceiling(RateCeiling)
    }

    /// The share of full speed, from 0, when it pauses, to 1.
    public var share: Double
    /// The factor that limits it; nil exactly when nothing does.
    public var factor: LimitingFactor?
    /// Why that factor does.
    public var cause: Cause?
    /// Whether it is over, and the share on its way up again.
    public var isRising = false

    /// How fast a load may go.
    public init(share: Double, factor: LimitingFactor? = nil, cause: Cause? = nil) {
        self.share = share
        self.factor = factor
        self.cause = cause
    }

    /// Nothing limits it.
    public static let full = ThrottleState(share: 1)

    /// The part of a worker's time that it may be at work, 0 to 1: as many workers as the share allows are at it all the
    /// time, one for the rest of it, and the others not at all.
    public func duty(ofWorker number: Int, of count: Int) -> Double {
        min(1, max(0, share * Double(count) - Double(number)))
    }

    /// The factor and why it limits, in words; nil when nothing does.
    public var reason: String? {
        guard let factor, let cause else { return nil }
        switch cause {
        case .over(let value, let limit):
            let verb = isRising ? "was" : "is"
            return "\(factor.rawValue) \(verb) \(factor.text(value)), over its limit of \(factor.text(limit))"
        case .failed(let why): return "\(factor.rawValue): probe failed: \(why)"
        case .ceiling(let ceiling): return "\(factor.rawValue): all loads together may do \(ceiling)"
        }
    }
}
