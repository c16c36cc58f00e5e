/// What is done when a source no longer keeps to its contract.
public enum DriftPolicy: String, Sendable, CaseIterable, Codable {
    /// It is told, and the stream goes on.
    case alert
    /// It is told, and the entity stops before the first event that may be affected.
    case pause
    /// Nothing.
    case ignore

    /// What is done about a change, where a playbook says `policy` or nothing: by default what costs no value that is
    /// mapped is told, and all else stops the entity.
    public static func reaction(to change: ContractChange, policy: DriftPolicy?) -> DriftPolicy {
        policy ?? (change.isHarmless ? .alert : .pause)
    }
}
