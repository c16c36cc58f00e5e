/// Which log lines a fault accounts for: a line is explained when it contains all words of one of these.
struct Explanations {
    typealias Pattern = [String]

    let patterns: [Pattern]

    /// What a round with these faults may say.
    init(_ faults: [Fault]) { patterns = Self.always + faults.flatMap(Self.patterns) }

    func explain(_ line: LogLine) -> Bool {
        patterns.contains { $0.allSatisfy(line.text.contains) }
    }

    /// A healthy run says this too.
    private static let always: [Pattern] = [["Making the replication slot"]]

    /// One that ends and another that takes its place, or a member that the group has given up.
    private static let newcomer: [Pattern] = [
        ["partition was taken over by another process"], ["applying failed", "seeking"], ["applying again"],
    ]

    /// A broker that could not say, at that moment, where partitions begin and end.
    private static let unclaimed: Pattern = ["partitions not claimed", "reading the watermarks"]

    private static func patterns(_ fault: Fault) -> [Pattern] {
        switch fault {
        case .pauseLoad, .killLoad: []
        case .leaders, .slowBroker: [unclaimed]
        case .endLoad: [["tidegate: stopped"]]
        // The server notices late that the last session is gone.
        case .killCapture, .endCapture, .pauseCapture, .resend: [["Capture interrupted", "55006"]]
        case .killSync, .endSync, .pauseSync, .rebalance, .clock: newcomer
        case .coordinator, .errors: newcomer + [unclaimed]
        case .sourceCrash, .sourceCut:
            lost("Capture interrupted") + lost("applying failed") + lost("tidegate:")
                + [["applying again"], ["Capture interrupted", "55006"]]
        case .targetCrash, .targetCut:
            newcomer + lost("applying failed") + lost("partitions not claimed") + lost("lane did not start")
                + lost("tidegate:") + [["applying again"]]
        case .diskFull: [["applying failed", "53100"], ["tidegate:", "53100"], ["applying again"]]
        case .deadlock: [["applying failed", "40P01"], ["tidegate:", "40P01"], ["applying again"]]
        case .slowTarget: [["applying failed", "55P03"], ["applying again"]]
        case .brokerRestart, .brokerAway:
            newcomer + [
                ["roker cannot be reached"], ["roker is back"], ["partitions not claimed", "kafka"], unclaimed,
            ]
                + ["_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN"].map { ["tidegate:", $0] }
        }
    }

    /// A connection that was lost, in the words of the server, of libpq or of the system.
    private static func lost(_ message: String) -> [Pattern] {
        [
            "57P01", "57P02", "57P03", "08006", "08001", "Connection refused", "server closed the connection",
            "connection",
        ]
        .map { [message, $0] }
    }
}
