/// Something that goes wrong in a migration, and that a round makes happen.
public enum Fault: String, CaseIterable, Sendable {
    case killCapture = "kill-capture"
    case killSync = "kill-sync"
    case killLoad = "kill-load"
    case pauseCapture = "pause-capture"
    case pauseSync = "pause-sync"
    case pauseLoad = "pause-load"
    case endCapture = "end-capture"
    case endSync = "end-sync"
    case endLoad = "end-load"
    case rebalance
    case clock
    case sourceCrash = "source-crash"
    case sourceCut = "source-cut"
    case targetCrash = "target-crash"
    case targetCut = "target-cut"
    case diskFull = "disk-full"
    case deadlock
    case slowTarget = "slow-target"
    case brokerRestart = "broker-restart"
    case brokerAway = "broker-away"
    case slowBroker = "slow-broker"
    case leaders
    case coordinator
    case errors
    case resend

    /// What it does, in a few words.
    public var summary: String {
        switch self {
        case .killCapture, .killSync, .killLoad: "SIGKILL; it is started again"
        case .pauseCapture, .pauseLoad: "SIGSTOP, and SIGCONT some time later"
        case .pauseSync: "SIGSTOP, and SIGCONT, after the end of its session in the group or before"
        case .endCapture, .endSync, .endLoad: "SIGTERM; it is started again"
        case .rebalance: "a third sync joins the group and leaves it"
        case .clock: "the wall clock of capture and of one sync steps, forth or back"
        case .sourceCrash, .targetCrash: "an immediate shutdown, and a start some time later"
        case .sourceCut, .targetCut: "pg_terminate_backend of all sessions, some times"
        case .diskFull: "a small file system under one table runs full (needs root)"
        case .deadlock: "a session that takes locks the other way round"
        case .slowTarget: "a session that holds a table"
        case .brokerRestart: "all brokers go down and come back with their logs"
        case .brokerAway: "one of three brokers goes down and comes back"
        case .slowBroker: "one broker answers late: topics arrive out of step"
        case .leaders: "every partition gets another leader, some times"
        case .coordinator: "the group gets another coordinator, some times"
        case .errors: "requests are answered with errors that ask for another try, or cut off"
        case .resend: "capture dies, and the last events of each partition are sent again, topics in any order"
        }
    }

    /// What it acts on: two faults of one subject do not overlap.
    var subject: Subject {
        switch self {
        case .killCapture, .pauseCapture, .endCapture: .capture
        case .killSync, .pauseSync, .endSync, .rebalance: .sync
        case .killLoad, .pauseLoad, .endLoad: .load
        case .clock: .clock
        case .sourceCrash, .sourceCut: .source
        case .targetCrash, .targetCut, .diskFull, .deadlock, .slowTarget: .target
        case .brokerRestart, .brokerAway, .slowBroker, .leaders, .coordinator, .errors, .resend: .broker
        }
    }

    enum Subject: Hashable {
        case capture, sync, load, clock, source, target, broker
    }

    /// How long it lasts, in milliseconds.
    var lasts: ClosedRange<Int> {
        switch self {
        case .killCapture, .killSync, .killLoad, .endCapture, .endSync, .endLoad, .resend: 0...0
        case .sourceCut, .targetCut, .leaders, .coordinator, .errors: 300...1500
        // The group gives a paused member up after 4.5 seconds.
        case .pauseSync: 500...6500
        case .diskFull, .deadlock, .brokerRestart, .brokerAway: 1500...4000
        case .rebalance, .clock: 2000...5000
        case .pauseCapture, .pauseLoad, .sourceCrash, .targetCrash, .slowTarget, .slowBroker: 300...3000
        }
    }
}
