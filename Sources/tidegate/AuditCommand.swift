import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook

/// `tidegate audit`: who did what to what, when.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show, export or check the audit trail.",
        discussion: """
            The trail stands in the ledger. Lines are only ever added, in the transaction of what they tell, each with a \
            hash over itself and the line before it: a changed, removed or inserted line is found by `verify`. Who could \
            change all of it could also make it anew; so export it to where they cannot, or note the last hash there.

            \(ExitStatus.help(problems: "`verify` finds that the trail is not as it was written"))
            """,
        subcommands: [List.self, Export.self, Verify.self], defaultSubcommand: List.self)
}

extension AuditCommand {
    /// What the trail's commands have in common.
    struct TrailOptions: ParsableArguments {
        @OptionGroup var options: PlaybookOptions

        @Option(help: "Whose ledger: target, or source for what the reverse flow has found.")
        var side = Side.target

        /// Opens the trail.
        func open() throws -> Audit {
            let playbook = try options.read()
            guard let database = side == .target ? playbook.target.postgres : playbook.source.postgres else {
                throw CommandFailure("the playbook has no source.postgres, and so no ledger there")
            }
            let connection = try Connection(try database.connectionString(), applicationName: "tidegate audit")
            try Migrations().verify(on: connection)
            return Audit(on: connection)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the newest lines.")

        @OptionGroup var trail: TrailOptions

        @Option(help: "Only lines with this action, such as scope-live.")
        var action: String?

        @Option(help: "Only lines whose subject contains this.")
        var subject: String?

        @Option(help: "How many lines at most.")
        var limit = 50

        @Flag(help: "Print a JSON array instead of a table.")
        var json = false

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit must be at least 1.") }
        }

        func run() throws {
            try orExplain {
                let entries = try trail.open().entries(action: action, subject: subject, limit: limit)
                if json {
                    return print(try JSONOutput.pretty(entries))
                }
                var columns = TextColumns(["line", "at", "actor", "action", "subject", "detail"], numeric: [0])
                for entry in entries {
                    let cause = entry.correlation.map { " \($0)" } ?? ""
                    columns.add([
                        "\(entry.seq)", entry.at, entry.actor, entry.action, entry.subject,
                        (entry.detail == "{}" ? "" : entry.detail) + cause,
                    ])
                }
                print(columns.text, terminator: "")
            }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print lines as JSON, one a line, oldest first.")

        @OptionGroup var trail: TrailOptions

        @Option(help: "Only lines after this one: the last that was exported before.")
        var after: Int64 = 0

        func run() throws {
            try orExplain {
                for entry in try trail.open().entries(after: after) { print(try JSONOutput.line(entry)) }
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute every line's hash again; exit status 1 when the trail is not as it was written.")

        @OptionGroup var trail: TrailOptions

        func run() throws {
            try orExplain {
                let verdict = try trail.open().verify()
                print("The audit trail is \(verdict)")
                guard case .intact = verdict else { throw ExitStatus.foundProblems }
            }
        }
    }
}
