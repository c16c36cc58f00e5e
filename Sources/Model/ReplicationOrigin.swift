/// The replication origins of the sessions that apply changes: by them the log tells an echo from an application's change.
public enum ReplicationOrigin {
    /// What their names begin with.
    public static let prefix: StaticString = "tidegate_"

    /// The name of one; a session has one for itself.
    public static func name(_ number: Int) -> String { "\(prefix)\(number)" }
}
