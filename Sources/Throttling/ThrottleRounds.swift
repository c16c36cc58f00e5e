import Ledger
import LibPQ
import Model

/// Reads all probes, decides, and notes the decision in the ledger, over and over; one thread's.
///
/// The note is itself a probe: how long it takes is how long the target takes to commit.
final class ThrottleRounds {
    private let options: ThrottleOptions
    private let probes: [any Probe]
    private let target: WatchSession
    private var throttle: Throttle
    private var throttles: Throttles?
    private var shown: ThrottleState?
    /// How many processes load, as far as is known.
    private(set) var loads = 1

    init(_ options: ThrottleOptions) {
        self.options = options
        let target = WatchSession(options.target)
        let source = options.source.map { WatchSession($0) }
        var probes: [any Probe] = []
        for factor in LimitingFactor.probed {
            guard let limit = options.limits.limits[factor] else { continue }
            switch factor {
            case .streamLag:
                if let logEnds = options.logEnds {
                    probes.append(StreamLagProbe(target, topics: options.topics, logEnds: logEnds, limit: limit))
                }
            case .lockWait: probes.append(LockWaitProbe(target, limit: limit))
            case .targetReplicaLag: probes.append(ReplicaLagProbe(factor, target, limit: limit))
            case .sourceReplicaLag:
                if let source { probes.append(ReplicaLagProbe(factor, source, limit: limit)) }
            case .sourceSessions: if let source { probes.append(SourceSessionsProbe(source, limit: limit)) }
            case .slotRetained:
                if let source, !options.slots.isEmpty {
                    probes.append(SlotProbe(source, slots: options.slots, limit: limit))
                }
            case .targetLatency, .rates: break
            }
        }
        self.target = target
        self.probes = probes
        let latency = options.limits.limits[.targetLatency] == nil ? [] : [LimitingFactor.targetLatency]
        throttle = Throttle(watching: probes.map(\.factor) + latency)
    }

    /// One round.
    ///
    /// - Parameter heldBy: the ceiling that has held somebody back since the last round.
    func run(heldBy ceiling: RateCeiling? = nil, at now: ContinuousClock.Instant) -> ThrottleState {
        let latency = note()
        if let limit = options.limits.limits[.targetLatency] {
            throttle.take(latency.map { .measured($0, limit: limit) } ?? noteFailure, of: .targetLatency, at: now)
        }
        for probe in probes {
            do {
                throttle.take(try probe.read(at: now), of: probe.factor, at: now)
            } catch {
                throttle.take(.failed("\(error)"), of: probe.factor, at: now)
            }
        }
        var state = throttle.decide(at: now)
        if state.factor == nil, let ceiling {
            state.factor = .rates
            state.cause = .ceiling(ceiling)
        }
        shown = state
        return state
    }

    private var noteFailure = ThrottleReading.failed("nothing noted yet")

    /// Notes the last decision.
    ///
    /// - Returns: how long that took, in seconds; nil when it could not be done.
    private func note() -> Double? {
        do {
            let connection = try target.open { connection in
                throttles = nil
                throttles = try Throttles(on: connection, name: options.name, wave: options.wave)
            }
            guard connection.isAlive, let throttles else { return nil }
            let begun = ContinuousClock.now
            loads = try throttles.note(shown)
            return begun.duration(to: .now) / .seconds(1)
        } catch {
            noteFailure = .failed("\(error)")
            return nil
        }
    }
}
