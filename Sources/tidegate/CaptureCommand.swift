import ArgumentParser
import Capture
import ChangeEvents
import LibPQ
import Logging
import Model
import Playbook
import Throttling

/// `tidegate capture`: reads the source's log and sends its changes to the topics.
struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Send one side's changes to the topics, in place of a connector, until stopped.",
        discussion: """
            Reads the source's logical replication (plugin pgoutput) and writes the events that Debezium's PostgreSQL \
            connector would write for the playbook's source.connector settings, to the playbook's topics. It sends \
            changes only, no snapshot: `tidegate load` brings the rows that are there.

            With --reverse it reads the target instead, for the entities of which the target may own anything, and writes \
            to the topics of the playbook's section reverse, as `tidegate sync --reverse` reads them.

            Slot and publication are made when they are not there; the server needs wal_level = logical, and the role \
            REPLICATION and, to make the publication, the ownership of the tables. The slot is moved only past what the \
            broker has acknowledged: it may be stopped, killed and started again at any time. While it does not run the \
            server keeps its log for it; drop the slot when it is not needed any more.

            Exit status: 0 when it was stopped by SIGTERM or SIGINT with everything sent; 2 when it could not go on; \
            64 for a mistake on the command line. What passes (a server or broker that is gone) is waited for.
            """)

    @OptionGroup var options: PlaybookOptions

    @Flag(help: "Capture the target, for the reverse flow.")
    var reverse = false

    @Option(
        help: """
            The replication slot (default: the connector's slot.name, else tidegate_, the playbook's name, and _reverse with \
            that).
            """)
    var slot: String?

    @Option(help: "The publication (default: the connector's publication.name, else as the slot).")
    var publication: String?

    @Option(
        help: "Send a heartbeat every so many seconds (default: the connector's heartbeat.interval.ms, else none).")
    var heartbeat: Int?

    func validate() throws {
        if let heartbeat, !(1...86_400).contains(heartbeat) {
            throw ValidationError("--heartbeat must be from 1 to 86400.")
        }
    }

    func run() throws {
        try orExplain {
            let playbook = try options.read()
            let configuration = try configuration(of: playbook)
            let logger = options.logger("tidegate.capture")
            let service = CaptureService(configuration, logger: logger)
            let end = EndOfWork(watchingStandardInput: false) { service.stop() }
            try withExtendedLifetime(end) {
                try SlotWatch.watching(
                    playbook, in: configuration.source, reverse: reverse, slots: [configuration.slot], logger
                ) { try service.run() }
            }
        }
    }

    /// The slot that a capture makes when the playbook names none: of the characters that slot names may have.
    static func slotName(of playbook: Playbook, reverse: Bool = false) -> String {
        let plain = playbook.name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return "tidegate_" + String(plain).prefix(46) + (reverse ? "_reverse" : "")
    }

    /// The names that a connector's slot may have: the one that the playbook names, else the one that a capture makes, or
    /// the connector's own default.
    static func slotNames(of playbook: Playbook, reverse: Bool = false) -> [String] {
        let connector = reverse ? playbook.reverse?.connectorProperties : playbook.source.connectorProperties
        return connector?["slot.name"].map { [$0] } ?? [slotName(of: playbook, reverse: reverse), "debezium"]
    }

    private func configuration(of playbook: Playbook) throws -> CaptureConfiguration {
        guard let source = try (reverse ? playbook.target.postgres : playbook.source.postgres)?.connectionString()
        else {
            throw CommandFailure("the playbook has no source.postgres: there is nothing to capture from")
        }
        let tables = reverse ? playbook.reverseEntities.map(\.into.value) : playbook.entities.map(\.from.value)
        guard !tables.isEmpty else {
            throw CommandFailure(
                "nothing flows back: no rule gives the target anything, and reverse.entities names nothing")
        }
        let connector = reverse ? playbook.reverse?.connectorProperties ?? [:] : playbook.source.connectorProperties
        let name = Self.slotName(of: playbook, reverse: reverse)
        let topics = reverse ? playbook.reverseTopics.value : playbook.kafka.topics.value
        var configuration = CaptureConfiguration(
            source: source, slot: slot ?? connector["slot.name"] ?? name,
            publication: publication ?? connector["publication.name"] ?? name,
            tables: Set(tables).sorted(),
            prefix: connector["topic.prefix"] ?? prefix(of: topics), kafka: try playbook.kafka.resolvedProperties())
        configuration.topics = topics
        configuration.modes = try ConnectorModes(properties: connector)
        configuration.tombstones = connector["tombstones.on.delete"] != "false"
        configuration.truncates = connector["skipped.operations"].map { !$0.contains("t") || $0 == "none" } ?? true
        configuration.transactionMetadata = connector["provide.transaction.metadata"] == "true"
        let milliseconds = heartbeat.map { $0 * 1000 } ?? connector["heartbeat.interval.ms"].flatMap(Int.init) ?? 0
        configuration.heartbeat = milliseconds > 0 ? .milliseconds(milliseconds) : nil
        return configuration
    }

    /// What stands before the first placeholder of the topics' pattern.
    private func prefix(of topics: String) -> String {
        let fixed = topics.prefix { $0 != "{" }
        let name = fixed.last == "." ? fixed.dropLast() : fixed
        return name.isEmpty ? "tidegate" : String(name)
    }
}
