/// The playbook's `target`: the PostgreSQL being moved to.
public struct TargetSection: Sendable {
    /// What becomes of a row whose referenced row is not there yet.
    public enum References: String, Sendable, CaseIterable {
        /// The target's foreign keys hold; a row that misses its parent is parked until it comes.
        case wait
        /// Apply sessions run with `session_replication_role = replica`: no foreign key is checked and no trigger fires.
        case replica
    }

    /// How to reach it.
    public var postgres: SecretText
    /// What the apply sessions do about foreign keys.
    public var references: References
    /// Where the section stands.
    public var location: FileLocation
}
