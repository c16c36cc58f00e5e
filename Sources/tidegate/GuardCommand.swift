public import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
public import Sync

/// `tidegate guard`: triggers that keep each side's applications from writing what the other side owns.
struct GuardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard",
        abstract: "Keep applications from writing what the other side owns, or record it when they do.",
        discussion: """
            Guards are triggers on both sides' tables, made from the playbook's ownership rules as they stand now. With mode \
            `reject` a wrong-side write fails with SQLSTATE TG001, its field, owner and epoch; with mode `record` it goes \
            through and is noted in tidegate.stray_write, on the side where it was made: who, from where, when, table, key and \
            columns; mode `off` takes the triggers away and remembers that there is something to guard. A transfer of \
            ownership renews guards as they were installed last. Sessions that apply changes are exempt: those with \
            session_replication_role = replica, and those of the exempt role.

            \(ExitStatus.help())
            """,
        subcommands: [Install.self, Remove.self, Show.self], defaultSubcommand: Show.self)
}

/// Which sides a command is about.
enum GuardedSides: String, CaseIterable, ExpressibleByArgument {
    case source, target, both

    var sides: [Side] {
        switch self {
        case .source: [.source]
        case .target: [.target]
        case .both: [.source, .target]
        }
    }
}

extension GuardCommand {
    /// What the guard's commands have in common.
    struct SideOptions: ParsableArguments {
        @OptionGroup var options: PlaybookOptions

        @Option(help: "The side whose tables: source, target or both.")
        var side = GuardedSides.both

        /// Opens the databases, compiles the playbook and calls `body` for each side, with its connection.
        func forEachSide(_ body: (Workspace, Side, Connection) throws -> Void) throws {
            let workspace = try Workspace(try options.read(), command: "guard", activating: false)
            for one in side.sides {
                guard let connection = one == .target ? workspace.targetConnection : workspace.sourceConnection else {
                    throw CommandFailure("the playbook names no source database; guard the target with --side target")
                }
                try body(workspace, one, connection)
            }
        }
    }

    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Install or renew guards.")

        @OptionGroup var sides: SideOptions

        @Option(help: "What becomes of a wrong-side write: reject, record, or off for no triggers.")
        var mode: GuardMode

        @Option(
            help: """
                A role of that database that applies changes without being a replica (default: the playbook's role, \
                where references is wait on that side). No application may use it.
                """)
        var exempt: String?

        func run() throws {
            try orExplain {
                try sides.forEachSide { workspace, side, connection in
                    let other = side == .target ? workspace.source : workspace.target
                    let guarded = try Guard(side, on: connection).install(
                        workspace.playbook.entities, in: Ownership(on: workspace.targetConnection).epoch(), mode: mode,
                        exemptRole: exempt ?? workspace.applyingRole(side), ownerSystem: Self.name(other, side.other))
                    try Audit(on: workspace.targetConnection).record(
                        .guardInstalled, subject: "\(side.rawValue) side",
                        detail: ["mode": mode.rawValue, "entities": guarded.map(\.rawValue).joined(separator: ", ")])
                    print(
                        guarded.isEmpty
                            ? "\(side.rawValue): nothing there is owned by the other side"
                            : "\(side.rawValue): \(mode.rawValue) for \(guarded.map(\.rawValue).joined(separator: ", "))"
                    )
                }
            }
        }

        /// A side by its database, as people know it.
        private static func name(_ database: ConnectionString?, _ side: Side) -> String {
            guard let database, let name = database.database else { return "the \(side.rawValue) system" }
            return "\(name) on \(database.host ?? "localhost")"
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take the guards away; what was recorded stays.")

        @OptionGroup var sides: SideOptions

        func run() throws {
            try orExplain {
                try sides.forEachSide { workspace, side, connection in
                    try Guard(side, on: connection).remove(workspace.playbook.entities)
                    try Audit(on: workspace.targetConnection).record(.guardRemoved, subject: "\(side.rawValue) side")
                    print("\(side.rawValue): not guarded")
                }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show what is guarded, and how many stray writes were recorded.")

        /// A guarded table of a side.
        private struct Line: Encodable {
            let side: String
            let state: Guard.State
            /// Whether ownership has been transferred since it was installed.
            let isStale: Bool
        }

        @OptionGroup var sides: SideOptions

        @Flag(help: "Print a JSON array instead of a table.")
        var json = false

        func run() throws {
            try orExplain {
                var lines: [Line] = []
                try sides.forEachSide { workspace, side, connection in
                    let epoch = try Ownership(on: workspace.targetConnection).epoch().number
                    for state in try Guard(side, on: connection).states() {
                        lines.append(Line(side: side.rawValue, state: state, isStale: state.epoch != epoch))
                    }
                }
                if json {
                    return print(try JSONOutput.pretty(lines))
                }
                var columns = TextColumns(
                    ["side", "entity", "table", "mode", "epoch", "stray writes"], numeric: [4, 5])
                for line in lines {
                    columns.add([
                        line.side, line.state.entity, line.state.table, line.state.mode,
                        "\(line.state.epoch)" + (line.isStale ? " (stale)" : ""), "\(line.state.strayWrites)",
                    ])
                }
                print(lines.isEmpty ? "nothing is guarded" : columns.text, terminator: lines.isEmpty ? "\n" : "")
            }
        }
    }
}

extension GuardMode: ExpressibleByArgument {}

extension Workspace {
    /// The role that applies changes on a side without being a replica.
    func applyingRole(_ side: Side) throws -> String? {
        let references = side == .target ? playbook.playbook.target.references : playbook.playbook.reverse?.references
        guard references ?? .wait == .wait, side == .target || !playbook.playbook.reverseEntities.isEmpty else {
            return nil
        }
        return try (side == .target ? targetConnection : sourceConnection)?.query("SELECT session_user").scalar
    }
}
