/// What must hold before a wave goes on.
public struct Gates: Sendable {
    /// Before a wave that is verified is signed off.
    public var signOff = Gate()

    /// The gates of a playbook that names none.
    public init() {}
}

/// What must hold at one gate.
public struct Gate: Sendable, Hashable {
    /// How many people must have accepted the evidence, none of whom has had the wave run.
    public var approvals = 1
    /// What may be in quarantine of the wave's entities.
    public var quarantine = Quarantine.any
    /// How old the verification may be, in milliseconds; nil for any age.
    public var verifiedWithin: Int?

    /// What may be set aside.
    public enum Quarantine: String, Sendable, CaseIterable {
        case empty, any
    }

    /// The gate of a playbook that says nothing of it.
    public init() {}
}
