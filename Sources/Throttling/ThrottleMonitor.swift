import Foundation
public import Model
import Synchronization

/// Watches what may hold a load back, on a thread of its own, and lets its workers go on or not.
///
/// Workers are held back between chunks, when they hold nothing: no transaction, no snapshot, no lock, no chunk. A pause in
/// the middle of one would keep the source's dead rows and the target's lock for as long as it lasts.
public final class ThrottleMonitor: Sendable {
    private struct Shared {
        var state: ThrottleState?
        var decidedAt = ContinuousClock.now
        var ceiling: RateCeiling?
        var loads = 1
        var pacer = RatePacer()
        var heldBy: RateCeiling?
        var isStopped = false
    }

    private let options: ThrottleOptions
    private let report: @Sendable (ThrottleState) -> Void
    private let shared = Mutex(Shared())
    private let ended = DispatchSemaphore(value: 0)
    private static let interval = Duration.seconds(1)

    /// A monitor that lets nobody go on until it is started and has looked.
    ///
    /// - Parameter report: told when another factor limits, or none, and when the load pauses or goes on.
    public init(_ options: ThrottleOptions, report: @escaping @Sendable (ThrottleState) -> Void = { _ in }) {
        self.options = options
        self.report = report
    }

    /// Begins to watch.
    public func start() {
        let thread = Thread { [self] in
            watch()
            ended.signal()
        }
        thread.name = "throttle"
        thread.start()
    }

    /// Ends it, and waits for that.
    public func stop() {
        shared.withLock { $0.isStopped = true }
        ended.wait()
    }

    /// How fast the load may go now; nil before the first look.
    public var state: ThrottleState? { shared.withLock { $0.state } }

    // MARK: Workers

    /// Whether a worker may go on.
    ///
    /// - Parameters:
    ///   - worked: how long its last piece of work took, and when it ended.
    func admits(
        worker number: Int, of count: Int, worked: (took: Duration, ended: ContinuousClock.Instant),
        at now: ContinuousClock.Instant
    ) -> Bool {
        shared.withLock { shared in
            // Nobody knows how things stand when the watching thread itself hangs.
            guard let state = shared.state, shared.decidedAt.duration(to: now) <= Throttle.oldest else { return false }
            let duty = state.duty(ofWorker: number, of: count)
            guard duty > 0, worked.ended.advanced(by: worked.took * ((1 - duty) / duty)) <= now else { return false }
            if shared.pacer.isFree(at: now) { return true }
            shared.heldBy = shared.ceiling
            return false
        }
    }

    /// Notes what a worker has done, for the ceilings of the rate.
    public func spent(rows: Int, bytes: Int) {
        shared.withLock { shared in
            guard let ceiling = shared.ceiling else { return }
            shared.pacer.spent(
                rows: rows, bytes: bytes, under: ceiling, share: 1 / Double(shared.loads), at: .now)
        }
    }

    // MARK: Watching

    private func watch() {
        let rounds = ThrottleRounds(options)
        while true {
            let held = shared.withLock { shared in
                defer { shared.heldBy = nil }
                return shared.heldBy
            }
            let state = rounds.run(heldBy: held, at: .now)
            let ceiling = options.limits.ceiling(atMinute: minute())
            let before = shared.withLock { shared in
                defer { shared.state = state }
                shared.decidedAt = .now
                shared.loads = rounds.loads
                if shared.ceiling != ceiling { shared.pacer.forgive() }
                shared.ceiling = ceiling
                return shared.state
            }
            if isNews(state, after: before) { report(state) }
            let next = ContinuousClock.now + Self.interval
            while ContinuousClock.now < next {
                if shared.withLock({ $0.isStopped }) { return }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    private func isNews(_ state: ThrottleState, after before: ThrottleState?) -> Bool {
        guard let before else { return state.factor != nil }
        return state.factor != before.factor || (state.share == 0) != (before.share == 0)
    }

    /// The minute of the day in the limits' time zone.
    private func minute() -> Int {
        let zone = TimeZone(identifier: options.limits.timeZone) ?? .gmt
        let now = Date.now
        return (Int(now.timeIntervalSince1970) + zone.secondsFromGMT(for: now)) % 86_400 / 60
    }
}
