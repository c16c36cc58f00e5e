import Model
import Testing

@Suite struct ThrottleTests {
    private let start = ContinuousClock.now

    private func at(_ second: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(second)) }

    @Test func nothingOverItsLimitIsFullSpeed() {
        var throttle = Throttle(watching: [.streamLag, .lockWait])
        throttle.take(.measured(3, limit: 10), of: .streamLag, at: at(0))
        throttle.take(.measured(0, limit: 1), of: .lockWait, at: at(0))
        #expect(throttle.decide(at: at(0)) == .full)
    }

    @Test func theWorstFactorWinsAndIsNamedWithReadingAndLimit() {
        var throttle = Throttle(watching: LimitingFactor.probed)
        for factor in LimitingFactor.probed { throttle.take(.measured(0, limit: 1), of: factor, at: at(0)) }
        throttle.take(.measured(14.2, limit: 10), of: .streamLag, at: at(0))
        throttle.take(.measured(30 * 1_073_741_824, limit: 10 * 1_073_741_824), of: .slotRetained, at: at(0))
        let state = throttle.decide(at: at(0))
        #expect(state.share == 0.5 && state.factor == .slotRetained)
        #expect(state.reason == "slot_retained is 30 GB, over its limit of 10 GB")
        throttle.take(.measured(1, limit: 10), of: .slotRetained, at: at(1))
        #expect(throttle.decide(at: at(1)).reason == "stream_lag is 14 s, over its limit of 10 s")
    }

    @Test func whatStaysOverItsLimitPausesAndComesBackByAndBy() {
        var throttle = Throttle(watching: [.streamLag])
        for second in 0..<4 {
            throttle.take(.measured(20, limit: 10), of: .streamLag, at: at(second))
            _ = throttle.decide(at: at(second))
        }
        #expect(throttle.state.share == 0)
        throttle.take(.measured(1, limit: 10), of: .streamLag, at: at(4))
        let rising = throttle.decide(at: at(4))
        #expect(rising.share > 0 && rising.share < 0.2 && rising.isRising)
        #expect(rising.reason == "stream_lag was 20 s, over its limit of 10 s")
        for second in 5..<14 {
            throttle.take(.measured(1, limit: 10), of: .streamLag, at: at(second))
            _ = throttle.decide(at: at(second))
        }
        #expect(throttle.state == .full)
    }

    /// A reading that hangs just under its limit holds nothing back for ever.
    @Test func nearTheLimitItRisesSlowly() {
        var throttle = Throttle(watching: [.sourceSessions])
        throttle.take(.measured(200, limit: 100), of: .sourceSessions, at: at(0))
        _ = throttle.decide(at: at(0))
        for second in 1...25 {
            throttle.take(.measured(90, limit: 100), of: .sourceSessions, at: at(second))
            let before = throttle.state.share
            #expect(throttle.decide(at: at(second)).share <= before + 0.021)
        }
        #expect(throttle.state == .full)
    }

    @Test(arguments: [
        (ThrottleReading.failed("refused"), "lock_wait: probe failed: refused"),
        (.measured(.nan, limit: 1), "lock_wait: probe failed: it gave no number"),
        (.measured(0, limit: 0), "lock_wait: probe failed: it gave no number"),
    ])
    func aProbeThatFailsIsAPause(reading: ThrottleReading, reason: String) {
        var throttle = Throttle(watching: [.streamLag, .lockWait])
        throttle.take(.measured(0, limit: 10), of: .streamLag, at: at(0))
        throttle.take(reading, of: .lockWait, at: at(0))
        let state = throttle.decide(at: at(0))
        #expect(state.share == 0 && state.factor == .lockWait && state.reason == reason)
    }

    @Test func aReadingThatIsMissingOrOldIsAPause() {
        var throttle = Throttle(watching: [.streamLag])
        #expect(throttle.decide(at: at(0)).reason == "stream_lag: probe failed: it has given no reading yet")
        throttle.take(.measured(0, limit: 10), of: .streamLag, at: at(0))
        #expect(throttle.decide(at: at(10)).share > 0)
        let late = throttle.decide(at: at(11))
        #expect(late.share == 0 && late.reason == "stream_lag: probe failed: its last reading is 11 s old")
    }

    /// For any readings: the share stays in bounds, something is named exactly when it is less than full, a failure is a
    /// pause, nothing rises while a reading is over its limit, and after enough calm it is full speed again.
    @Test(arguments: 0..<50) func anyReadings(seed: UInt64) {
        var random = SplitMix(state: seed)
        let factors = LimitingFactor.probed.shuffled(using: &random).prefix(Int.random(in: 1...7, using: &random))
        var throttle = Throttle(watching: factors)
        var readings: [LimitingFactor: (reading: ThrottleReading, at: Int)] = [:]
        for second in 0..<400 {
            for factor in factors where Int.random(in: 0..<4, using: &random) > 0 {
                let reading: ThrottleReading =
                    Int.random(in: 0..<30, using: &random) == 0
                    ? .failed("gone")
                    : .measured(Double.random(in: 0...1.2, using: &random) * 8, limit: 8)
                readings[factor] = (reading, second)
                throttle.take(reading, of: factor, at: at(second))
            }
            let before = throttle.state
            let state = throttle.decide(at: at(second))
            #expect((0...1).contains(state.share))
            #expect((state.factor == nil) == (state.share == 1))
            #expect((state.reason == nil) == (state.factor == nil))
            #expect(state.share <= before.share + 0.11)
            let known = factors.map { factor -> Double? in
                guard let (reading, at) = readings[factor], second - at <= 10,
                    case .measured(let value, let limit) = reading
                else { return nil }
                return value / limit
            }
            if known.contains(nil) { #expect(state.share == 0) }
            if known.contains(where: { $0 ?? 0 >= 1 }) { #expect(state.share <= before.share) }
        }
        for second in 400..<412 {
            for factor in factors { throttle.take(.measured(1, limit: 8), of: factor, at: at(second)) }
            _ = throttle.decide(at: at(second))
        }
        #expect(throttle.state == .full)
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    // MARK: Shares

    @Test func asManyWorkersAreAtItAsTheShareAllows() {
        func duties(_ share: Double, of count: Int) -> [Double] {
            (0..<count).map { ThrottleState(share: share).duty(ofWorker: $0, of: count) }
        }
        #expect(duties(1, of: 3) == [1, 1, 1])
        #expect(duties(0, of: 3) == [0, 0, 0])
        #expect(duties(0.375, of: 4) == [1, 0.5, 0, 0])
        #expect(duties(0.125, of: 2) == [0.25, 0])
    }

    // MARK: Lag

    @Test func aFollowerThatStandsStillFallsBehindByTheSecond() {
        var tracker = LagTracker()
        #expect(tracker.observe("a", end: 100, reached: 100, at: at(0)) == .zero)
        #expect(tracker.observe("a", end: 110, reached: 100, at: at(10)) == .zero)
        #expect(tracker.observe("a", end: 150, reached: 100, at: at(14)) == .seconds(4))
        #expect(tracker.observe("a", end: 150, reached: 109, at: at(15)) == .seconds(5))
        #expect(tracker.observe("a", end: 150, reached: 110, at: at(16)) == .seconds(2))
        #expect(tracker.observe("a", end: 150, reached: 150, at: at(17)) == .zero)
        // One that had nothing to do for an hour is not behind by an hour.
        #expect(tracker.observe("a", end: 151, reached: 150, at: at(3600)) == .zero)
        #expect(tracker.observe("b", end: 9, reached: 0, at: at(3600)) == .zero)
        // A log that was made anew.
        #expect(tracker.observe("a", end: 5, reached: 0, at: at(3610)) == .zero)
    }

    @Test func aLongLagIsRememberedInFewSamples() {
        var tracker = LagTracker()
        for second in 0..<5000 { _ = tracker.observe("a", end: Int64(second + 1), reached: 0, at: at(second)) }
        #expect(tracker.observe("a", end: 5000, reached: 0, at: at(5000)) == .seconds(5000))
        let half = tracker.observe("a", end: 5000, reached: 2500, at: at(5000))
        #expect(half > .seconds(2000) && half <= .seconds(2500))
    }

    // MARK: Rates

    @Test func windowsOfTheDay() {
        let day = RateWindow(from: 480, to: 1080, ceiling: RateCeiling(rows: 100, bytes: nil))
        let night = RateWindow(from: 1320, to: 360, ceiling: RateCeiling(rows: 900, bytes: 5))
        let always = RateWindow(from: 0, to: 1440, ceiling: RateCeiling(rows: 500, bytes: nil))
        #expect(!day.contains(479) && day.contains(480) && day.contains(1079) && !day.contains(1080))
        #expect(night.contains(1320) && night.contains(0) && night.contains(359) && !night.contains(360))
        var limits = ThrottleLimits()
        #expect(limits.ceiling(atMinute: 600) == nil)
        limits.windows = [day, night, always]
        #expect(limits.ceiling(atMinute: 600) == RateCeiling(rows: 100, bytes: nil))
        #expect(limits.ceiling(atMinute: 1200) == RateCeiling(rows: 500, bytes: nil))
        #expect(limits.ceiling(atMinute: 1400) == RateCeiling(rows: 500, bytes: 5))
    }

    @Test func piecesArePaidForWithTime() {
        var pacer = RatePacer()
        let ceiling = RateCeiling(rows: 1000, bytes: 1 << 20)
        #expect(pacer.isFree(at: at(0)))
        pacer.spent(rows: 2000, bytes: 10, under: ceiling, share: 1, at: at(0))
        pacer.spent(rows: 10, bytes: 3 << 20, under: ceiling, share: 0.5, at: at(0))
        #expect(!pacer.isFree(at: at(7)))
        #expect(pacer.isFree(at: at(8)))
        // Time in which nothing was done is not saved up.
        pacer.spent(rows: 1000, bytes: 0, under: ceiling, share: 1, at: at(100))
        #expect(!pacer.isFree(at: at(100)) && pacer.isFree(at: at(101)))
    }
}
