import Ledger
import LibPQ
import Model
import Sync

/// Waits until it is proven that the stream has passed an entity's seal.
struct SealProof {
    let entity: LoadingEntity
    let seal: Seal
    let target: TargetSession
    let source: SourceSession?
    let options: LoadOptions
    let topic: String

    func wait() throws {
        let begun = ContinuousClock.now
        var due = DueReport()
        while true {
            let missing = try missing()
            guard let missing else { return }
            if options.shouldStop() {
                throw BaselineError(.stopped, "stopped while the stream was behind the seal; run the load again")
            }
            if let limit = options.sealTimeout, ContinuousClock.now > begun.advanced(by: limit) {
                throw BaselineError(
                    .timeout,
                    "\(entity.name) is loaded, but the stream has not passed the seal in time: \(missing). "
                        + "See that sync runs, then run the load again")
            }
            if due.isNow { options.report(.waiting(for: "\(missing) (entity \(entity.name))")) }
            try target.connection.query("SELECT pg_sleep(0.02)")
        }
    }

    /// What the proof still lacks, in words; nil when it is complete. The log ends that are to be reached are noted in the
    /// ledger, so that a load that was killed does not chase a moving end.
    private func missing() throws -> String? {
        let scopes = Scopes(on: target.connection)
        let passage = StreamPassage(.forward, topic: topic, slots: options.slots, logEnds: options.logEnds)
        let verdict = try passage.look(
            past: seal, bounds: scopes.bounds(entity.id, wave: entity.wave), source: source?.connection,
            ledger: target.connection)
        switch verdict {
        case .passed: return nil
        case .behind(let what): return what
        case .bounded(let ends):
            try scopes.bound(entity.id, wave: entity.wave, offsets: ends)
            return "the log ends are noted"
        }
    }
}
