import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Throttling

/// `tidegate status`: where a migration stands.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show where the migration stands: waves, what became of every event, lag, quarantine.",
        discussion: """
            Everything shown is read from the ledger in the target, in one snapshot, from the reverse flow's in the source, \
            the slots from the servers that have them, and the topics' ends from the broker. \
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
            let report = StatusReport(
                playbook: playbook.name, status: status, ends: Self.logEnds(playbook), slots: Self.slots(playbook))
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

    /// The connector's slots, of either flow; nothing of a server that cannot be reached.
    private static func slots(_ playbook: Playbook) -> [StatusReport.Slot] {
        let limit = playbook.limits.throttle.limits[.slotRetained] ?? .infinity
        func read(_ server: SecretText?, reverse: Bool) -> StatusReport.Slot? {
            do {
                guard let server = try server?.connectionString() else { return nil }
                let connection = try Connection(server, applicationName: "tidegate status")
                let names = CaptureCommand.slotNames(of: playbook, reverse: reverse)
                return try SlotReading.find(names, on: connection).map {
                    StatusReport.Slot($0, flow: reverse ? .reverse : .forward, limit: limit)
                }
            } catch {
                FileHandle.standardError.write(Data("tidegate status: the slot is not known: \(error)\n".utf8))
                return nil
            }
        }
        let back = playbook.reverseEntities.isEmpty ? nil : read(playbook.target.postgres, reverse: true)
        return [read(playbook.source.postgres, reverse: false), back].compactMap { $0 }
    }

    /// The ends of the topics; nothing when the broker cannot be reached, since the rest is still worth showing.
    private static func logEnds(_ playbook: Playbook) -> [String: [Int32: Int64]] {
        do {
            let ends = try LogEnds(playbook.kafka.resolvedProperties())
            var found: [String: [Int32: Int64]] = [:]
            let announcements = [playbook.kafka.schemaChanges?.value].compactMap { $0 }
            for topic in playbook.topics() + playbook.topics(reverse: true) + announcements {
                for (place, bound) in try ends.read(topic) { found[topic, default: [:]][place.partition] = bound.end }
            }
            return found
        } catch {
            FileHandle.standardError.write(Data("tidegate status: the topics' ends are not known: \(error)\n".utf8))
            return [:]
        }
    }
}
