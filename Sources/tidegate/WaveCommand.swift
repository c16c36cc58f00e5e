import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook

/// `tidegate wave`: waves as units of work.
struct WaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wave",
        abstract: "Run waves: load, verify, sign off; pause, resume, roll back; bundle what shows it.",
        discussion: """
            A wave goes from planned over profiled, loading, loaded, verified and signed-off to live, then cut-over and closed. \
            Until its cutover it can be rolled back: then the target holds what it would hold if the wave had never been \
            loaded. Every step is in the audit trail.

            \(ExitStatus.help(problems: "`run` or `sign-off` finds something that keeps the wave from going on"))
            """,
        subcommands: [
            List.self, Show.self, Run.self, SignOff.self, Pause.self, Resume.self, Rollback.self, Bundle.self,
        ], defaultSubcommand: List.self)
}

extension WaveCommand {
    /// A wave of a playbook, and the ledger that knows where it stands.
    struct Subject: ParsableArguments {
        @Argument(help: "The wave, as the playbook names it.")
        var wave: String

        @OptionGroup var options: PlaybookOptions

        var name: WaveName { WaveName(rawValue: wave) }

        /// Opens the ledger.
        func open() throws -> (playbook: Playbook, ledger: Connection) {
            let (playbook, ledger) = try WaveCommand.open(options)
            guard playbook.waves.contains(where: { $0.name.value == name }) else {
                let known = playbook.waves.map(\.name.value.rawValue).joined(separator: ", ")
                throw CommandFailure("the playbook has no wave \(wave); its waves are \(known)")
            }
            return (playbook, ledger)
        }
    }

    static func open(_ options: PlaybookOptions) throws -> (playbook: Playbook, ledger: Connection) {
        let playbook = try options.read()
        let ledger = try Connection(try playbook.target.postgres.connectionString(), applicationName: "tidegate wave")
        try Migrations().verify(on: ledger)
        try Audit.identify(Actor.current, on: ledger)
        return (playbook, ledger)
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the playbook's waves and where each stands.")

        @OptionGroup var options: PlaybookOptions

        @Flag(help: "Print a JSON array instead of a table.")
        var json = false

        func run() throws {
            try orExplain {
                let (playbook, ledger) = try WaveCommand.open(options)
                let waves = Waves(on: ledger)
                let records = try playbook.waves.map { try waves.find($0.name.value) }
                if json { return print(try JSONOutput.pretty(records)) }
                var columns = TextColumns(["wave", "phase", "since", "run by", "paused"], numeric: [])
                for wave in records {
                    let paused = wave.pausedBy.map { "by \($0): \(wave.pauseReason ?? "")" }
                    columns.add([wave.name, wave.phase.rawValue, wave.since, wave.requestedBy ?? "", paused ?? ""])
                }
                print(columns.text, terminator: "")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a wave: its phase, what its loads have written, and its sign-offs.")

        @OptionGroup var subject: Subject

        @Flag(help: "Print one JSON object instead of text.")
        var json = false

        func run() throws {
            try orExplain {
                let report = try WaveReport(subject.name, on: subject.open().ledger)
                print(json ? try JSONOutput.pretty(report) : report.text, terminator: json ? "\n" : "")
            }
        }
    }

    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have the wave's loads, on whatever machine they run, take no new chunk until it is resumed.")

        @OptionGroup var subject: Subject

        @Option(help: "Why, for the audit trail.")
        var reason: String

        func run() throws {
            try orExplain {
                try Waves(on: subject.open().ledger).pause(subject.name, by: Actor.current, reason: reason)
                print("wave \(subject.wave) is paused; the chunks under way are finished")
            }
        }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let the wave's loads go on.")

        @OptionGroup var subject: Subject

        func run() throws {
            try orExplain {
                try Waves(on: subject.open().ledger).resume(subject.name)
                print("wave \(subject.wave) goes on")
            }
        }
    }
}
