/// What keeps the stream from being applied, beyond what the databases and the broker report themselves.
public struct SyncError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// An event left out a value that neither the target nor the source has.
        case unavailable
        /// An event left out a value that the other half of its key change will bring.
        case awaited
        /// What only the source can tell is needed, and the playbook has no connection to it.
        case needsSource = "needs-source"
        /// A delete of a row that the target owns, wholly or in part.
        case ownedByTarget = "owned-by-target"
        /// A transaction that the stream has shown is not visible on the source yet, as while it waits for a standby.
        case notVisible = "not-visible"
        /// Too many of an entity's events are rejected.
        case breaker
        /// Too many of an entity's rows wait for their parents.
        case tooManyWaiting = "too-many-waiting"
        /// The source no longer keeps to the contract of an entity that pauses for that.
        case drift
        /// Another playbook or contract was put in force.
        case notInForce = "not-in-force"
        /// Partitions or entities could not go on.
        case stopped
        /// A flow has not applied what it was waited for.
        case notDrained = "not-drained"
        /// Two entities take rows of one table, or none takes a topic's.
        case routing
        /// A property, limit or connector mode that cannot work.
        case configuration
        /// A topic of the playbook is not on the broker.
        case missingTopic = "missing-topic"
    }

    /// The kind of failure.
    public let code: Code
    /// What failed, where, and what to do, without row values.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let notVisibleYet = SyncError(
        .notVisible,
        "a transaction that the stream has shown is not visible on the source; it may be waiting for a standby")

    /// Whether the same may work later without anybody's help.
    public var isRetriable: Bool { code == .missingTopic || code == .notVisible || code == .awaited }

    public var description: String { "sync: \(code.rawValue): \(message)" }
}
