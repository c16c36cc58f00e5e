public import ArgumentParser
import Foundation
import Ledger
import LibPQ
public import Model
import Playbook
import Sync

/// `tidegate own`: who owns what, and transfers of ownership.
struct OwnCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "own",
        abstract: "Show who owns what, or transfer ownership.",
        discussion: """
            The playbook's rules say which side may write which fields of which rows; what has been transferred since \
            wins over them. A transfer is one audited transaction: each change is applied wholly before or wholly after it.

            \(ExitStatus.help())
            """,
        subcommands: [Map.self, Transfer.self], defaultSubcommand: Map.self)
}

extension OwnCommand {
    struct Map: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the owner of each field, and what was not written because of it.")

        @OptionGroup var options: PlaybookOptions

        @Flag(help: "Print one JSON object instead of a table.")
        var json = false

        func run() throws {
            try orExplain {
                let report = try OwnershipReport(try options.read(), command: "own")
                print(json ? try report.json() : report.text, terminator: json ? "\n" : "")
            }
        }
    }

    struct Transfer: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an entity, some of its fields, or what a wave's rules name, to one side.",
            discussion: """
                First the losing side's guards, where there are any, keep its applications out; then it is waited until what \
                they have written is applied on the other side; then ownership moves, and the winning side's guards open.

                --wave puts the playbook's rules with `from: wave` of that name in force (--to target) or out of force (--to \
                source). --entity gives all its rows, or --fields of all its rows, to one side, whatever the rules say.
                """)

        @OptionGroup var options: PlaybookOptions

        @Option(help: "The wave whose rules come into force.")
        var wave: String?

        @Option(help: "The entity, as the playbook names it.")
        var entity: String?

        @Option(help: "Target columns of the entity, separated by commas (default: all, and so the rows).")
        var fields: String?

        @Option(help: "The new owner: source or target.")
        var to: Side

        @Option(help: "Why, for the audit trail.")
        var reason: String

        @Option(
            help: "Give up, and change nothing, when the losing side's changes are not applied within so many seconds.")
        var drainTimeout = 60

        @Flag(help: "Do not wait for the losing side's changes: those under way are not applied any more.")
        var undrained = false

        func validate() throws {
            guard (wave == nil) != (entity == nil) else { throw ValidationError("Give --wave or --entity.") }
            if fields != nil, entity == nil { throw ValidationError("--fields goes with --entity.") }
            guard drainTimeout > 0 else { throw ValidationError("--drain-timeout must be at least 1.") }
            if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say something.") }
        }

        func run() throws {
            try orExplain {
                let workspace = try Workspace(try options.read(), command: "own", activating: false)
                let subject = try subject(workspace.playbook)
                if to == .target { try checkWayBack(workspace) }
                let transfer = GuardedTransfer(
                    workspace.playbook, target: workspace.targetConnection, source: workspace.sourceConnection)
                let (epoch, guarded) = try transfer.run(subject, to: to, reason: reason) { try drain(workspace) }
                print("\(subject) belongs to the \(to.rawValue) since epoch \(epoch)")
                for side in guarded { print("\(side.rawValue): guards renewed") }
            }
        }

        /// Waits until what the losing side has written has been applied on the other.
        private func drain(_ workspace: Workspace) throws -> [String: String] {
            guard !undrained else { return ["drained": "no"] }
            let playbook = workspace.playbook.playbook
            let isReverse = to == .source
            let entities = isReverse ? playbook.reverseEntities : playbook.entities
            guard !entities.isEmpty else { return [:] }
            let drain = FlowDrain(
                isReverse ? .reverse : .forward, topics: playbook.topics(reverse: isReverse),
                slots: CaptureCommand.slotNames(of: playbook, reverse: isReverse), limit: .seconds(drainTimeout),
                logEnds: try LogEnds(playbook.kafka.resolvedProperties()).readPatiently)
            let (source, target) = (workspace.sourceConnection, workspace.targetConnection)
            let end = try drain.wait(source: isReverse ? target : source, ledger: isReverse ? source ?? target : target)
            return ["drained": end.map { "to \($0)" } ?? "to the ends of the topics"]
        }

        private var fieldNames: [String] { fields?.split(separator: ",").map { $0.filter { $0 != " " } } ?? [] }

        /// What is given to the target must flow back, from the first change on.
        private func checkWayBack(_ workspace: Workspace) throws {
            guard let entity, workspace.sourceConnection != nil else { return }
            let name = EntityName(rawValue: entity)
            let carried = try workspace.reverse()[name]
            let isCarried =
                fieldNames.isEmpty
                ? workspace.playbook.playbook.mayOwnRows(of: name)
                : fieldNames.allSatisfy { field in carried?.fields.contains { $0.name == field } ?? false }
            guard isCarried else {
                throw CommandFailure(
                    """
                    what the target would own of \(entity) does not flow back yet; name the entity in reverse.entities, \
                    put the playbook in force and restart capture and sync with --reverse, then transfer it
                    """)
            }
        }

        private func subject(_ playbook: CompiledPlaybook) throws -> Ownership.Subject {
            guard playbook.playbook.ownership != nil else {
                throw CommandFailure(
                    "the playbook has no section ownership; add ownership: { default: source } and activate it first")
            }
            if let wave {
                let name = WaveName(rawValue: wave)
                let rules = playbook.entities.flatMap(\.ownershipRules)
                guard rules.contains(where: { $0.fromWave == name }) else {
                    throw CommandFailure("no ownership rule of the playbook holds from wave \(wave) on")
                }
                return .wave(name)
            }
            let name = EntityName(rawValue: entity ?? "")
            guard let compiled = playbook[name] else {
                let known = playbook.entities.map(\.name.rawValue).sorted().joined(separator: ", ")
                throw CommandFailure("the playbook has no entity \(name); its entities are \(known)")
            }
            for field in fieldNames { try check(field, of: compiled) }
            if fieldNames.isEmpty, to == .target {
                try compiled.fields.map(\.column).forEach { try checkInverse($0, compiled) }
            }
            return .entity(name, fields: fieldNames)
        }

        private func check(_ field: String, of entity: CompiledEntity) throws {
            guard let found = entity.fields.first(where: { $0.column == field }) else {
                let known = entity.fields.map(\.column).joined(separator: ", ")
                throw CommandFailure("entity \(entity.name) has no field \(field); its fields are \(known)")
            }
            guard !found.isKey else {
                throw CommandFailure("\(field) is the key: it goes with the row; leave --fields out to transfer rows")
            }
            if to == .target { try checkInverse(field, entity) }
        }

        private func checkInverse(_ field: String, _ entity: CompiledEntity) throws {
            guard entity.fields.contains(where: { $0.column == field && !$0.isInvertible && !$0.dependencies.isEmpty })
            else { return }
            throw CommandFailure(
                """
                the target cannot own \(field) of \(entity.name): nothing says how the source's value follows from it; \
                give the field a reverse in the playbook
                """)
        }
    }
}

extension Side: ExpressibleByArgument {}
