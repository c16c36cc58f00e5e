import Ledger
public import LibPQ
public import Model

/// What was found of a wave when it was verified, and the hash that sign-offs are bound to.
public struct WaveEvidence: Sendable, Hashable {
    /// JSON in the text form of PostgreSQL's jsonb, which is the same for the same content.
    public let text: String
    /// SHA-256 of the text, in hexadecimal.
    public let hash: String

    /// Collects from the ledger what is there now.
    ///
    /// - Parameter playbook: the hash of the playbook in force.
    public init(of wave: WaveName, playbook: String, on ledger: Connection) throws {
        let sql = String(decoding: PackageResources.evidence_sql, as: UTF8.self)
        guard let text = try ledger.query(sql, [.text(wave.rawValue), .text(playbook)]).scalar,
            let hash = try ledger.query("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", [.text(text)]).scalar
        else { throw LedgerError(.malformed, "the evidence of wave \(wave)") }
        self.text = text
        self.hash = hash
    }
}
