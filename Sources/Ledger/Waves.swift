public import LibPQ
public import Model

/// Waves as units of work: their phases, pauses and sign-offs. Every change is in the audit trail, in its transaction.
public struct Waves {
    private let connection: Connection

    /// The waves in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// All waves that were ever begun, by name.
    public func all() throws -> [WaveRecord] { try read("true", []) }

    /// A wave; a record of phase `planned` for one that nothing was ever done with.
    public func find(_ wave: WaveName) throws -> WaveRecord {
        try read("name = $1", [.text(wave.rawValue)]).first
            ?? WaveRecord(
                name: wave.rawValue, phase: .planned, since: "", requestedBy: nil, pausedBy: nil, pauseReason: nil,
                evidenceHash: nil)
    }

    private func read(_ condition: String, _ parameters: [Parameter]) throws -> [WaveRecord] {
        let rows = try connection.query(
            """
            SELECT name, phase, \(Self.utc("since")) AS since, requested_by, paused_by, pause_reason, evidence_hash
            FROM tidegate.wave WHERE \(condition) ORDER BY name
            """, parameters)
        return try rows.rows.map { row in
            guard let name = row["name"], let phase = row["phase"].flatMap(WavePhase.init(rawValue:)) else {
                throw LedgerError(.malformed, "a wave")
            }
            return WaveRecord(
                name: name, phase: phase, since: row["since"] ?? "", requestedBy: row["requested_by"],
                pausedBy: row["paused_by"], pauseReason: row["pause_reason"], evidenceHash: row["evidence_hash"])
        }
    }

    private static func utc(_ column: String) -> String {
        "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    }

    // MARK: Phases

    /// Changes a wave's phase. Idempotent for one that is there already.
    ///
    /// - Parameter detail: names and numbers for the audit trail.
    /// - Throws: `LedgerError` of code `wrongState` when there is no way from where it stands.
    public func advance(_ wave: WaveName, to phase: WavePhase, _ detail: [String: String] = [:]) throws {
        try connection.transaction { try change(wave, to: phase, .wavePhase, detail) }
    }

    /// Notes that a wave's load begins, or begins again after a rollback. Nothing happens to one that has come further.
    public func beginLoad(_ wave: WaveName) throws {
        let phase = try find(wave).phase
        if phase == .rolledBack { try advance(wave, to: .planned) }
        if [.planned, .profiled, .rolledBack].contains(phase) { try advance(wave, to: .loading) }
    }

    /// Notes that all of a wave's scopes are live.
    public func endLoad(_ wave: WaveName) throws {
        if try find(wave).phase == .loading { try advance(wave, to: .loaded) }
    }

    /// Notes that a wave's rows are out of the target, in the transaction that takes them out.
    ///
    /// - Throws: `LedgerError` of code `wrongState` when it can be rolled back no more.
    public func rolledBack(_ wave: WaveName, _ detail: [String: String]) throws {
        try change(wave, to: .rolledBack, .waveRolledBack, detail)
    }

    private func change(
        _ wave: WaveName, to phase: WavePhase, _ action: AuditAction, _ detail: [String: String]
    ) throws {
        let now = try held(wave)
        if now.phase == phase { return }
        guard now.phase.next.contains(phase) else {
            let ways = WavePhase.allCases.filter { $0.next.contains(phase) }.map(\.rawValue)
            throw LedgerError(
                .wrongState,
                "wave \(wave) is \(now.phase.rawValue); it becomes \(phase.rawValue) from \(ways.joined(separator: " or "))"
            )
        }
        try connection.query(
            "UPDATE tidegate.wave SET phase = $2, since = clock_timestamp() WHERE name = $1",
            [.text(wave.rawValue), .text(phase.rawValue)])
        try record(action, wave, detail.merging(["from": now.phase.rawValue, "to": phase.rawValue]) { $1 })
    }

    /// Notes who has the wave run.
    public func request(_ wave: WaveName, by actor: String) throws {
        try connection.transaction {
            _ = try held(wave)
            try connection.query(
                "UPDATE tidegate.wave SET requested_by = $2, requested_at = clock_timestamp() WHERE name = $1",
                [.text(wave.rawValue), .text(actor)])
        }
    }

    /// The wave's record, made if it is not there, and nobody else's until the transaction ends.
    private func held(_ wave: WaveName) throws -> WaveRecord {
        try connection.query(
            "INSERT INTO tidegate.wave (name) VALUES ($1) ON CONFLICT DO NOTHING", [.text(wave.rawValue)])
        try connection.query("SELECT FROM tidegate.wave WHERE name = $1 FOR UPDATE", [.text(wave.rawValue)])
        return try find(wave)
    }

    // MARK: Pauses

    /// Has the wave's loads take no new chunk until it is resumed.
    public func pause(_ wave: WaveName, by actor: String, reason: String) throws {
        try connection.transaction {
            guard try held(wave).pausedBy == nil else { return }
            try connection.query(
                "UPDATE tidegate.wave SET paused_by = $2, paused_at = clock_timestamp(), pause_reason = $3 WHERE name = $1",
                [.text(wave.rawValue), .text(actor), .text(reason)])
            try record(.wavePaused, wave, ["reason": reason])
        }
    }

    /// Lets the wave's loads go on.
    public func resume(_ wave: WaveName) throws {
        try connection.transaction {
            guard try held(wave).pausedBy != nil else { return }
            try connection.query(
                "UPDATE tidegate.wave SET paused_by = NULL, paused_at = NULL, pause_reason = NULL WHERE name = $1",
                [.text(wave.rawValue)])
            try record(.waveResumed, wave, [:])
        }
    }

    // MARK: Sign-offs

    /// Keeps what was found when the wave was verified; earlier sign-offs are of other evidence then.
    ///
    /// - Parameters:
    ///   - evidence: JSON, in its canonical text.
    ///   - hash: SHA-256 of that text, in hexadecimal.
    public func keep(_ evidence: String, hash: String, of wave: WaveName) throws {
        try connection.transaction {
            _ = try held(wave)
            try connection.query(
                "UPDATE tidegate.wave SET evidence = $2::jsonb, evidence_hash = $3 WHERE name = $1",
                [.text(wave.rawValue), .text(evidence), .text(hash)])
            try record(.evidenceKept, wave, ["evidence": hash])
        }
    }

    /// What was found when the wave was verified; nil when it never was.
    public func evidence(of wave: WaveName) throws -> (text: String, hash: String)? {
        let found = try connection.query(
            "SELECT evidence::text, evidence_hash FROM tidegate.wave WHERE name = $1 AND evidence IS NOT NULL",
            [.text(wave.rawValue)])
        guard let row = found.rows.first, let text = row[0], let hash = row[1] else { return nil }
        return (text, hash)
    }

    /// Accepts what was found.
    ///
    /// - Throws: `LedgerError` of code `wrongState` when it is not what was found last, or is signed by who had the wave run.
    public func sign(_ wave: WaveName, evidence hash: String, by actor: String, reason: String) throws {
        try connection.transaction {
            let now = try held(wave)
            guard now.phase == .verified else {
                throw LedgerError(
                    .wrongState, "wave \(wave) is \(now.phase.rawValue); only a verified one can be signed off")
            }
            guard now.evidenceHash == hash else {
                throw LedgerError(
                    .wrongState,
                    "the evidence of wave \(wave) is \(now.evidenceHash ?? "not there"), not \(hash); look at it again")
            }
            guard now.requestedBy != actor else {
                throw LedgerError(
                    .wrongState, "\(actor) has had wave \(wave) run; somebody else has to sign it off")
            }
            try connection.query(
                """
                INSERT INTO tidegate.sign_off (wave, evidence_hash, signed_by, reason) VALUES ($1, $2, $3, $4)
                ON CONFLICT DO NOTHING
                """, [.text(wave.rawValue), .text(hash), .text(actor), .text(reason)])
            try record(.waveSignedOff, wave, ["evidence": hash, "reason": reason])
        }
    }

    /// Sign-offs of the evidence that is in force.
    public func signOffs(_ wave: WaveName) throws -> [SignOff] {
        try connection.query(
            """
            SELECT s.evidence_hash, s.signed_by, \(Self.utc("s.at")) AS at, s.reason
            FROM tidegate.sign_off s JOIN tidegate.wave w ON w.name = s.wave AND w.evidence_hash = s.evidence_hash
            WHERE s.wave = $1 ORDER BY s.id
            """, [.text(wave.rawValue)]
        ).rows.map { row in
            SignOff(
                wave: wave.rawValue, evidenceHash: row["evidence_hash"] ?? "", signedBy: row["signed_by"] ?? "",
                at: row["at"] ?? "", reason: row["reason"] ?? "")
        }
    }

    private func record(_ action: AuditAction, _ wave: WaveName, _ detail: [String: String]) throws {
        try Audit(on: connection).record(action, subject: "wave \(wave)", detail: detail)
    }
}
