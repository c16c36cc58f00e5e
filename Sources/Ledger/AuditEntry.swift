/// What the audit trail tells of.
public enum AuditAction: String, Sendable, CaseIterable {
    /// A playbook was put in force.
    case playbookActivated = "playbook-activated"
    /// A contract with the source was put in force.
    case contractPinned = "contract-pinned"
    /// The source no longer keeps to a contract.
    case contractBroken = "contract-broken"
    /// An entity's rows of a wave began to load.
    case scopeLoading = "scope-loading"
    /// An entity's rows of a wave are joined with the stream.
    case scopeLive = "scope-live"
    /// An entity's rows of a live wave began to load anew.
    case scopeLoadingAgain = "scope-loading-again"
    /// A flow goes on elsewhere in a partition, and what lies between is given up.
    case offsetsGivenUp = "offsets-given-up"
    /// Ownership was transferred.
    case ownershipTransferred = "ownership-transferred"
    /// A side's tables are guarded, or guarded anew.
    case guardInstalled = "guard-installed"
    /// A side's tables are guarded no more.
    case guardRemoved = "guard-removed"
    /// One side changed what the other owns.
    case violation
    /// A person had events of the quarantine applied again.
    case eventsRetried = "events-retried"
    /// A person gave events of the quarantine up.
    case eventsDiscarded = "events-discarded"
    /// A person edited an event of the quarantine.
    case eventsEdited = "events-edited"
    /// Both sides were compared.
    case verified
    /// Rows that had drifted were written again from the source.
    case rowsRepaired = "rows-repaired"
    /// A wave came into another phase.
    case wavePhase = "wave-phase"
    /// A person has paused a wave's loads.
    case wavePaused = "wave-paused"
    /// A person lets a wave's loads go on.
    case waveResumed = "wave-resumed"
    /// What was found of a wave was kept, to be signed off.
    case evidenceKept = "evidence-kept"
    /// A person has accepted what was found of a wave.
    case waveSignedOff = "wave-signed-off"
    /// A wave's rows were taken out of the target.
    case waveRolledBack = "wave-rolled-back"
}

/// A line of the audit trail.
public struct AuditEntry: Hashable, Sendable, Codable {
    /// Counts from 1 without gaps.
    public let seq: Int64
    /// When, in ISO 8601, UTC, to the microsecond.
    public let at: String
    /// The person and host, or the database role.
    public let actor: String
    /// A word of `AuditAction`, or one that a newer program has written.
    public let action: String
    /// What it was done to.
    public let subject: String
    /// Names and numbers that belong to it, as JSON text.
    public let detail: String
    /// The Kafka record that caused it, `topic[partition]@offset`.
    public let correlation: String?
    /// SHA-256 in hexadecimal, over the hash of the line before and this line.
    public let hash: String
}

/// What checking the audit trail came to.
public enum AuditVerdict: Hashable, Sendable, CustomStringConvertible {
    /// Every line is as it was written; their number and the last one's hash, to be kept elsewhere.
    case intact(lines: Int64, head: String)
    /// A line was changed, or the one before it.
    case changed(seq: Int64)
    /// Lines are missing before this one.
    case missing(before: Int64)
    /// The trail ended with `last`, and ends with `found` now.
    case cut(last: Int64, found: Int64)

    public var description: String {
        switch self {
        case .intact(let lines, let head): "intact: \(lines) lines" + (lines > 0 ? ", the last with hash \(head)" : "")
        case .changed(let seq): "not intact: line \(seq) is not as it was written, or the line before it is not"
        case .missing(let seq): "not intact: lines are missing before line \(seq)"
        case .cut(let last, let found): "not intact: it ended with line \(last) and now ends with line \(found)"
        }
    }
}
