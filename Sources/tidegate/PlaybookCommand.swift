import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Sync

/// `tidegate playbook`: versions of a playbook, and the contract with the source.
struct PlaybookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "playbook",
        abstract: "Compare a playbook with the one in force, put it in force, and see where the source has drifted.",
        discussion: """
            The ledger pins the playbook by its hash and, for each entity, the contract with the source: columns, types, \
            NULL, key, replica identity and the connector's modes, with a version and a fingerprint. Neither changes by \
            itself. A running `tidegate sync` takes another one up within seconds, between two batches.

            \(ExitStatus.help(problems: "`diff` or `drift` finds a difference, `activate` an error in the playbook"))
            """,
        subcommands: [List.self, Diff.self, Activate.self, Drift.self], defaultSubcommand: List.self)

    /// A playbook's ledger.
    static func open(_ playbook: Playbook) throws -> Connection {
        let connection = try Connection(
            try playbook.target.postgres.connectionString(), applicationName: "tidegate playbook")
        try Migrations().verify(on: connection)
        try Audit.identify(Actor.current, on: connection)
        return connection
    }
}

extension PlaybookCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the versions of the playbook and the contracts in force.")

        @OptionGroup var options: PlaybookOptions

        @Flag(help: "Print one JSON object instead of tables.")
        var json = false

        func run() throws {
            try orExplain {
                let playbook = try options.read()
                let ledger = try PlaybookCommand.open(playbook)
                let listing = PlaybookListing(
                    versions: try Playbooks(on: ledger).versions(playbook.name),
                    contracts: try Contracts(on: ledger).inForce())
                print(json ? try JSONOutput.pretty(listing) : listing.text, terminator: json ? "\n" : "")
            }
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare a file with the playbook in force, and the source with the contracts in force.",
            discussion: """
                For each key that differs it says what that means for rows that are loaded: reload (they were made by the \
                old text: load their waves again, or let `verify` find them), scope (a wave takes other rows: those that \
                it takes in addition are not there), from-now-on, or none.
                """)

        @Argument(help: "The playbook file.")
        var file = "playbook.yaml"

        @Flag(help: "Print one JSON object instead of words.")
        var json = false

        func run() throws {
            try orExplain {
                let playbook = try Playbook(contentsOf: file)
                let comparison = try PlaybookComparison(playbook, ledger: PlaybookCommand.open(playbook))
                print(json ? try JSONOutput.pretty(comparison) : comparison.text, terminator: json ? "\n" : "")
                if !comparison.isEmpty { throw ExitStatus.foundProblems }
            }
        }
    }

    struct Activate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a playbook in force as a new version, and accept the source as it is.",
            discussion: """
                The playbook is checked as by `tidegate check` and refused when that finds errors. What the source has \
                become is accepted with it: entities that pause go on from where they stopped. For a playbook that stays as \
                it is that takes --accept-contract.
                """)

        @Argument(help: "The playbook file.")
        var file = "playbook.yaml"

        @Flag(help: "Accept what the source has become, although the playbook stays as it is.")
        var acceptContract = false

        @Flag(help: "Do not ask.")
        var yes = false

        @Flag(help: "Print one JSON object instead of words.")
        var json = false

        func run() throws {
            try orExplain {
                let playbook = try Playbook(contentsOf: file)
                let ledger = try PlaybookCommand.open(playbook)
                let comparison = try PlaybookComparison(playbook, ledger: ledger)
                guard !comparison.isSamePlaybook || acceptContract else {
                    throw CommandFailure(
                        "\(file) is in force already"
                            + (comparison.contract.isEmpty
                                ? "" : "; to accept what the source has become, give --accept-contract"))
                }
                if !json { print(comparison.text, terminator: "") }
                try confirm()
                try finish(playbook, ledger, comparison)
            }
        }

        private func confirm() throws {
            if yes { return }
            guard isatty(STDIN_FILENO) == 1 else {
                throw CommandFailure("this changes what is in force: give --yes, or run it on a terminal")
            }
            print("put this in force? [y/N] ", terminator: "")
            guard readLine()?.lowercased().hasPrefix("y") == true else { throw CommandFailure("nothing was changed") }
        }

        private func finish(_ playbook: Playbook, _ ledger: Connection, _ comparison: PlaybookComparison) throws {
            let source = try playbook.source.postgres.map { secret in
                try Connection(try secret.connectionString(), applicationName: "tidegate playbook")
            }
            // Before the catalog is read: what commits from here on is judged by it.
            let position = try source.map(SourceLog.init)?.end()
            let check = try PlaybookCheck(playbook, source: source, target: ledger)
            guard let compiled = check.compiled else {
                let report = FindingsReport(check.findings, playbook: file)
                print(json ? try report.json() : report.text)
                throw ExitStatus.foundProblems
            }
            _ = try Entities(on: ledger).register(compiled.entities.map(\.name))
            try Playbooks(on: ledger).activate(
                compiled.name, hash: compiled.hash, content: playbook.textWithoutSecrets)
            let changed = try Contracts(on: ledger).pin(compiled, at: position)
            guard let version = try Playbooks(on: ledger).versions(playbook.name).first?.version else { return }
            let done = Activation(version: version, hash: compiled.hash, contracts: changed.map(\.rawValue))
            print(json ? try JSONOutput.pretty(done) : done.text)
        }
    }

    struct Drift: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show where the source differs from the contracts in force, and what may be done about it.",
            discussion: "It shows what `tidegate sync` has seen; `diff` looks at the source itself.")

        @OptionGroup var options: PlaybookOptions

        @Flag(help: "Print a JSON array instead of words.")
        var json = false

        func run() throws {
            try orExplain {
                let drifts = try Contracts(on: PlaybookCommand.open(options.read())).drifts()
                print(json ? try JSONOutput.pretty(drifts) : DriftReport(drifts).text, terminator: json ? "\n" : "")
                if !drifts.isEmpty { throw ExitStatus.foundProblems }
            }
        }
    }
}

/// What `playbook activate` has done.
private struct Activation: Encodable {
    let version: Int
    let hash: String
    /// The entities whose contracts are others now.
    let contracts: [String]

    var text: String {
        "in force: version \(version)"
            + (contracts.isEmpty ? "" : "; new contracts: \(contracts.joined(separator: ", "))")
    }
}
