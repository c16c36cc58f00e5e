/// What may hold a load back. The words are the same in the playbook, the ledger, `status` and the documentation.
public enum LimitingFactor: String, Sendable, CaseIterable {
    /// How far the stream's checkpoints are behind the topics, in seconds.
    case streamLag = "stream_lag"
    /// How long a commit on the target takes, in seconds.
    case targetLatency = "target_latency"
    /// How long the session of somebody else has been waiting for a lock on the target, in seconds.
    case lockWait = "lock_wait"
    /// How far the target's physical replicas are behind, in seconds.
    case targetReplicaLag = "target_replica_lag"
    /// How far the source's physical replicas are behind, in seconds.
    case sourceReplicaLag = "source_replica_lag"
    /// Sessions of others that are at work on the source.
    case sourceSessions = "source_sessions"
    /// Log that the source keeps for the connector's slot, in bytes.
    case slotRetained = "slot_retained"
    /// The ceiling of the rate at this time of the day. Not read by a probe.
    case rates

    /// What its readings are counted in.
    public enum Unit: Sendable {
        case seconds, sessions, bytes
    }

    /// Those that a probe reads.
    public static let probed = allCases.filter { $0 != .rates }

    /// What its readings are counted in.
    public var unit: Unit {
        switch self {
        case .sourceSessions: .sessions
        case .slotRetained: .bytes
        default: .seconds
        }
    }

    /// A reading or limit for people to read.
    public func text(_ value: Double) -> String {
        switch unit {
        case .seconds: value < 10 ? "\(Int((value * 1000).rounded())) ms" : "\(Int(value.rounded())) s"
        case .sessions: "\(Int(value.rounded())) sessions"
        case .bytes: ByteText.text(value)
        }
    }
}
