public import Model

/// Where a wave stands, as the ledger has it.
public struct WaveRecord: Sendable, Hashable, Codable {
    /// The wave, as the playbook names it.
    public let name: String
    public let phase: WavePhase
    /// Since when, in ISO 8601, UTC.
    public let since: String
    /// Who had it run last: not the one who may sign it off.
    public let requestedBy: String?
    /// Who has paused it, if it is paused.
    public let pausedBy: String?
    public let pauseReason: String?
    /// SHA-256 of what was found when it was verified, in hexadecimal.
    public let evidenceHash: String?
}

/// Who has accepted which evidence.
public struct SignOff: Sendable, Hashable, Codable {
    public let wave: String
    public let evidenceHash: String
    public let signedBy: String
    /// When, in ISO 8601, UTC.
    public let at: String
    /// In the words of who signed.
    public let reason: String
}
