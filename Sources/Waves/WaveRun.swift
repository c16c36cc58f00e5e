public import Baseline
import Ledger
import LibPQ
public import Model
public import Playbook
public import Verification

/// Brings a wave as far as it goes by itself: loaded, verified, its evidence kept; then, once others have signed it off, live.
///
/// It looks at the ledger for where the wave stands, so it goes on where it was when it is run again.
public struct WaveRun: Sendable {
    private let playbook: CompiledPlaybook
    private let wave: WaveName
    private let load: LoadOptions
    private let verify: VerifyOptions
    private let actor: String
    private let again: Bool

    /// A run of `wave` for `actor`, who then cannot sign it off.
    ///
    /// - Parameter again: whether a wave that is verified, or signed off, and not live yet is verified once more; what was
    ///   signed counts for nothing then.
    public init(
        _ playbook: CompiledPlaybook, wave: WaveName, load: LoadOptions, verify: VerifyOptions, actor: String,
        again: Bool = false
    ) {
        self.playbook = playbook
        self.wave = wave
        self.load = load
        self.verify = verify
        self.actor = actor
        self.again = again
    }

    /// How far a wave has come.
    public struct Outcome: Sendable {
        public var phase: WavePhase
        /// What verifying it came to; nil when it was not verified in this run.
        public var verification: VerifyOutcome?
        /// The hash that a sign-off has to name.
        public var evidence: String?
        /// Why it goes no further, in words.
        public var reasons: [String] = []
    }

    /// Runs.
    ///
    /// - Throws: what loading or verifying throws; what was done stays done.
    public func run() throws -> Outcome {
        let ledger = try Connection(load.target, applicationName: "tidegate wave")
        try Migrations().apply(on: ledger)
        try Audit.identify(actor, on: ledger)
        let waves = Waves(on: ledger)
        var outcome = Outcome(phase: try waves.find(wave).phase)
        if [.planned, .profiled, .loading, .rolledBack].contains(outcome.phase) {
            try waves.request(wave, by: actor)
            let loaded = try WaveLoad(playbook, wave: wave, options: load).run()
            outcome.phase = try waves.find(wave).phase
            if loaded.isPilot {
                outcome.reasons = [
                    "the pilot's chunks are loaded; running the wave without --pilot goes on with the rest"
                ]
                return outcome
            }
        }
        if again, [.verified, .signedOff].contains(outcome.phase) {
            try waves.advance(wave, to: .loaded)
            outcome.phase = .loaded
        }
        if outcome.phase == .loaded { try verify(waves, ledger, &outcome) }
        if outcome.phase == .verified { try passGate(waves, ledger, &outcome) }
        if outcome.phase == .signedOff {
            try waves.advance(wave, to: .live)
            outcome.phase = .live
        }
        return outcome
    }

    private func verify(_ waves: Waves, _ ledger: Connection, _ outcome: inout Outcome) throws {
        try waves.request(wave, by: actor)
        var options = verify
        options.wave = wave
        let found = try Verifier(playbook, options: options).run()
        outcome.verification = found
        let evidence = try WaveEvidence(of: wave, playbook: playbook.hash, on: ledger)
        try waves.keep(evidence.text, hash: evidence.hash, of: wave)
        outcome.evidence = evidence.hash
        outcome.reasons = found.notLoaded.map { "\($0) is not loaded" }
        switch found.verdict {
        case .equal: break
        case .drift:
            outcome.reasons.append("\(found.drifted) rows differ; tidegate verify --wave \(wave) --keys names them")
        case .unproven: outcome.reasons += found.reasons
        case .repaired: outcome.reasons.append("rows had to be repaired; run the wave again, to verify it clean")
        }
        guard outcome.reasons.isEmpty else { return }
        try waves.advance(wave, to: .verified, ["evidence": evidence.hash])
        outcome.phase = .verified
    }

    /// Goes on if the playbook's gate lets it.
    private func passGate(_ waves: Waves, _ ledger: Connection, _ outcome: inout Outcome) throws {
        outcome.evidence = try waves.find(wave).evidenceHash
        outcome.reasons = try SignOffGate(playbook.playbook.gates.signOff, of: wave, on: ledger).reasons()
        guard outcome.reasons.isEmpty else { return }
        try waves.advance(wave, to: .signedOff)
        outcome.phase = .signedOff
    }
}
