import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook

/// `tidegate status`: where a migration stands.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show where the migration stands: waves, what became of every event, lag, quarantine.",
        discussion: """
            Everything shown is read from the ledger in the target, in one snapshot, from the reverse flow's in the source, \
            and the topics' ends from the broker. \
            For each partition, and so for their sum, always: consumed = applied + superseded + skipped + quarantined.

            \(ExitStatus.help())
            """)

    @OptionGroup var options: PlaybookOptions

    @Flag(help: "Print one JSON object instead of tables.")
    var json = false

    @Flag(help: "Show who owns what instead, and what was not written because of it (the same as `tidegate own`).")
    var ownership = false

    func run() throws {
        try orExplain {
            let playbook = try options.read()
            if ownership {
                let report = try OwnershipReport(playbook, command: "status")
                return print(json ? try report.json() : report.text, terminator: json ? "\n" : "")
            }
            let connection = try Connection(
                try playbook.target.postgres.connectionString(), applicationName: "tidegate status")
            try Migrations().verify(on: connection)
            var status = try Status(on: connection)
            if let source = try Self.reverseLedger(playbook) { status = try status.merged(with: Status(on: source)) }
            let report = StatusReport(playbook: playbook.name, status: status, ends: Self.logEnds(playbook))
            print(json ? try report.json() : report.text)
        }
    }

    /// The source, if the reverse flow has its ledger there.
    static func reverseLedger(_ playbook: Playbook) throws -> Connection? {
        guard !playbook.reverseEntities.isEmpty, let source = try playbook.source.postgres?.connectionString() else {
            return nil
        }
        let connection = try Connection(source, applicationName: "tidegate status")
        return try Migrations().isApplied(on: connection) ? connection : nil
    }

    /// The ends of the topics; nothing when the broker cannot be reached, since the rest is still worth showing.
    private static func logEnds(_ playbook: Playbook) -> [String: [Int32: Int64]] {
        do {
            let ends = try LogEnds(playbook.kafka.resolvedProperties().reveal())
            var found: [String: [Int32: Int64]] = [:]
            for topic in playbook.topics() + playbook.topics(reverse: true) {
                for (place, bound) in try ends.read(topic) { found[topic, default: [:]][place.partition] = bound.end }
            }
            return found
        } catch {
            FileHandle.standardError.write(Data("tidegate status: the topics' ends are not known: \(error)\n".utf8))
            return [:]
        }
    }
}
