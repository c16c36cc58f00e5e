/// Decides how fast a load may go, from readings of what may limit it.
///
/// Once a second the worst reading decides, as a share of its limit: at or over the limit the share of speed is halved, and
/// below a small share becomes a pause; under a calm part of the limit it rises by a tenth, in between by much less, so that
/// it does not flap. A reading that failed, is missing, or is too old is a pause at once: a load that nobody can watch does
/// not run. Pure: the clock is passed in.
public struct Throttle: Sendable {
    /// What it is now.
    public private(set) var state = ThrottleState.full
    private let factors: [LimitingFactor]
    private var readings: [LimitingFactor: (reading: ThrottleReading, at: ContinuousClock.Instant)] = [:]

    /// A reading older than this counts for none.
    public static let oldest = Duration.seconds(10)
    /// Under this part of its limit a reading lets the share rise.
    public static let calm = 0.7
    private static let rise = 0.1
    private static let slowRise = 0.02
    private static let leastShare = 0.1

    /// A throttle that wants a reading of each of some factors.
    public init(watching factors: some Sequence<LimitingFactor>) {
        let wanted = Set(factors)
        self.factors = LimitingFactor.allCases.filter(wanted.contains)
    }

    /// Takes in what a probe came to.
    public mutating func take(
        _ reading: ThrottleReading, of factor: LimitingFactor, at now: ContinuousClock.Instant
    ) {
        readings[factor] = (reading, now)
    }

    /// Decides, once for each round of readings.
    public mutating func decide(at now: ContinuousClock.Instant) -> ThrottleState {
        var worst: (factor: LimitingFactor, value: Double, limit: Double, pressure: Double)?
        for factor in factors {
            switch reading(of: factor, at: now) {
            case .failed(let why): return enter(0, factor, .failed(why))
            case .measured(let value, let limit):
                let pressure = value / limit
                if pressure > worst?.pressure ?? -1 { worst = (factor, value, limit, pressure) }
            }
        }
        guard let worst, worst.pressure >= 1 else {
            return rise(by: (worst?.pressure ?? 0) < Self.calm ? Self.rise : Self.slowRise)
        }
        let halved = state.share / 2
        return enter(halved < Self.leastShare ? 0 : halved, worst.factor, .over(worst.value, limit: worst.limit))
    }

    private func reading(of factor: LimitingFactor, at now: ContinuousClock.Instant) -> ThrottleReading {
        guard let (reading, at) = readings[factor] else { return .failed("it has given no reading yet") }
        let age = at.duration(to: now)
        if age > Self.oldest { return .failed("its last reading is \(age.components.seconds) s old") }
        if case .measured(let value, let limit) = reading, !(value.isFinite && limit > 0) {
            return .failed("it gave no number")
        }
        return reading
    }

    private mutating func enter(
        _ share: Double, _ factor: LimitingFactor, _ cause: ThrottleState.Cause
    ) -> ThrottleState {
        state = ThrottleState(share: share, factor: factor, cause: cause)
        return state
    }

    private mutating func rise(by step: Double) -> ThrottleState {
        let share = state.share + step
        if share > 0.999 {
            state = .full
        } else {
            state.share = share
            state.isRising = true
        }
        return state
    }
}
