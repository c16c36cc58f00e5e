import Ledger
public import LibPQ
public import Model
public import Playbook

/// The gate between a verified wave and one that is signed off.
public struct SignOffGate {
    private let gate: Gate
    private let wave: WaveName
    private let ledger: Connection

    /// The gate of a wave in the ledger that `ledger` reaches.
    public init(_ gate: Gate, of wave: WaveName, on ledger: Connection) {
        self.gate = gate
        self.wave = wave
        self.ledger = ledger
    }

    /// Everything that keeps it shut, in words; nothing when it is open.
    public func reasons() throws -> [String] {
        var reasons: [String] = []
        let waves = Waves(on: ledger)
        let signed = Set(try waves.signOffs(wave).map(\.signedBy)).count
        if signed < gate.approvals {
            reasons.append("\(signed) of \(gate.approvals) have signed it off: tidegate wave sign-off \(wave)")
        }
        let parked = try Manifest(on: ledger).parked(in: wave)
        if gate.quarantine == .empty, parked > 0 {
            reasons.append("\(parked) events and rows of its entities are in quarantine: tidegate quarantine list")
        }
        if let limit = gate.verifiedWithin, let age = try age(), age > limit {
            reasons.append(
                "it was verified \(age / 60_000) minutes ago, which is too long: tidegate wave run \(wave) --again")
        }
        return reasons
    }

    /// Milliseconds since the wave's verification ended.
    private func age() throws -> Int? {
        try ledger.query(
            """
            SELECT (extract(epoch FROM clock_timestamp() - max(finished_at)) * 1000)::bigint FROM tidegate.verification
            WHERE wave = $1
            """, [.text(wave.rawValue)]
        ).scalar.flatMap(Int.init)
    }
}
