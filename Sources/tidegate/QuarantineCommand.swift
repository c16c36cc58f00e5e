import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook

/// `tidegate quarantine`: the events that were set aside, and what a person does about them.
struct QuarantineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "Show the events that were set aside; have them applied again, edit or discard them.",
        discussion: """
            An event that cannot be applied is set aside with its bytes and its reason, and with it every later event of its \
            key, in order; everything else goes on. What may mend itself (a parent that comes later) is tried again by \
            `tidegate sync`; for the rest, mend the cause (the target's constraint, the playbook) and `retry`, or `edit` or \
            `discard` the event. Whatever a person does here is in the audit trail.

            Row values are shown by `show` and `export` alone.

            \(ExitStatus.help(problems: "`retry --wait` finds that events are still rejected"))
            """,
        subcommands: [List.self, Show.self, Retry.self, Edit.self, Discard.self, Export.self],
        defaultSubcommand: List.self)
}

extension QuarantineCommand {
    /// Which events, and of which flow.
    struct Events: ParsableArguments {
        @OptionGroup var options: PlaybookOptions

        @Argument(help: "Numbers of events, as `list` shows them.")
        var ids: [Int64] = []

        @Option(help: "Only events of this entity.")
        var entity: String?

        @Option(help: "Only events of this source key; once for each key column, in order.")
        var key: [String] = []

        @Option(help: "Only events with this reason, such as rejected or missing-parent.")
        var reason: String?

        @Flag(help: "Those of the reverse flow, which are in the source's ledger.")
        var reverse = false

        var filter: QuarantineFilter {
            var filter = QuarantineFilter()
            filter.ids = ids
            filter.entity = entity.map(EntityName.init(rawValue:))
            filter.key = key.isEmpty ? nil : key
            filter.reason = reason
            return filter
        }

        /// Opens the ledger that they are in.
        func open() throws -> Connection {
            let playbook = try options.read()
            guard let database = reverse ? playbook.source.postgres : playbook.target.postgres else {
                throw CommandFailure("the playbook has no source.postgres, and so no reverse flow")
            }
            let connection = try Connection(try database.connectionString(), applicationName: "tidegate quarantine")
            try Migrations().verify(on: connection)
            try Audit.identify(Actor.current, on: connection)
            return connection
        }

        static let nothingMeant = CommandFailure("no event of the quarantine is meant by that")

        /// Refuses to do something to everything by mistake.
        func requireSome() throws {
            if filter.isEmpty {
                throw ValidationError("Say which events: their numbers, --entity, --key or --reason.")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show events, oldest first.")

        @OptionGroup var events: Events

        @Flag(help: "Also those that are resolved or discarded.")
        var all = false

        @Option(help: "How many at most.")
        var limit = 100

        @Flag(help: "Print a JSON array instead of a table.")
        var json = false

        func run() throws {
            try orExplain {
                var filter = events.filter
                filter.includesDone = all
                let entries = try Quarantine(on: events.open()).entries(filter, limit: limit)
                if json { return print(try JSONOutput.pretty(entries)) }
                guard !entries.isEmpty else { return print("nothing is in quarantine") }
                var columns = TextColumns(
                    ["id", "state", "entity", "key", "reason", "sqlstate", "age", "tries", "record"],
                    numeric: [0, 6, 7])
                for entry in entries {
                    columns.add([
                        "\(entry.id)", entry.state, entry.entity ?? "-", entry.key?.joined(separator: ", ") ?? "-",
                        entry.reason, entry.sqlState ?? "", age(entry.secondsSince), "\(entry.attempts)",
                        entry.record,
                    ])
                }
                print(columns.text, terminator: "")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show events with everything that came with them, row values too.")

        @OptionGroup var events: Events

        func validate() throws { try events.requireSome() }

        func run() throws {
            try orExplain {
                var filter = events.filter
                filter.includesDone = true
                let found = try Quarantine(on: events.open()).contents(filter, limit: 100)
                guard !found.isEmpty else { throw Events.nothingMeant }
                for content in found {
                    let entry = content.entry
                    print(
                        """
                        event \(entry.id), \(entry.state) since \(entry.since), of entity \(entry.entity ?? "unknown")
                          record    \(entry.record)
                          reason    \(entry.reason)\(entry.sqlState.map { " (\($0))" } ?? "")
                          message   \(entry.message)
                          tries     \(entry.attempts)\(entry.isEdited ? ", edited" : "")
                          key       \(content.eventKey ?? "none")
                          headers   \(content.headers ?? "none")
                          value     \(content.eventValue ?? "null")
                        """)
                    if let holder = content.heldBy { print("  held by   \(holder.joined(separator: ", "))") }
                    if let parent = content.awaitedKey { print("  awaits    \(parent.joined(separator: ", "))") }
                    if let original = content.originalValue { print("  original  \(original)") }
                }
            }
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have the events' keys applied again, each with all its events in order.",
            discussion: """
                The process that has their partition does it; start `tidegate sync` if none runs. What is rejected again \
                stays, with the new reason.
                """)

        @OptionGroup var events: Events

        @Option(help: "Wait so many seconds at most until all of them have been tried.")
        var wait: Int?

        func validate() throws { try events.requireSome() }

        func run() throws {
            try orExplain {
                let quarantine = Quarantine(on: try events.open())
                let ids = try quarantine.entries(events.filter).filter { $0.key != nil }.map(\.id)
                let count = try quarantine.retry(events.filter)
                guard count > 0 else { throw Events.nothingMeant }
                print("\(count) events are to be applied again")
                if let wait { try report(ids, quarantine, .now + .seconds(wait)) }
            }
        }

        private func report(
            _ ids: [Int64], _ quarantine: Quarantine, _ deadline: ContinuousClock.Instant
        ) throws {
            var filter = QuarantineFilter()
            filter.ids = ids
            while true {
                let left = try quarantine.entries(filter)
                let waiting = left.count { $0.state == "retrying" }
                guard waiting > 0, ContinuousClock.now < deadline else {
                    print(
                        "\(ids.count - left.count) applied, \(left.count - waiting) rejected again, \(waiting) not tried yet"
                    )
                    for entry in left where entry.state == "parked" && entry.reason != "behind" {
                        print("event \(entry.id): \(entry.message)")
                    }
                    if !left.isEmpty { throw ExitStatus.foundProblems }
                    return
                }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    struct Edit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put another value in an event's place, and have its key applied again.",
            discussion: "The value as it came is kept beside it. `show` prints the value to begin with.")

        @OptionGroup var events: Events

        @Option(help: "A file with the value, in the form in which it came; - for standard input.")
        var value: String

        @Option(help: "Why, for the audit trail.")
        var why: String

        func validate() throws {
            guard events.ids.count == 1 else { throw ValidationError("Give the number of one event.") }
        }

        func run() throws {
            try orExplain {
                guard
                    let data = value == "-"
                        ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: value),
                    let text = String(data: data, encoding: .utf8)
                else { throw CommandFailure("\(value) cannot be read as UTF-8 text") }
                guard (try? JSONSerialization.jsonObject(with: data)) is [String: Any] else {
                    throw CommandFailure("\(value) is not a JSON object, which an event's value is")
                }
                let count = try Quarantine(on: events.open()).edit(events.ids[0], value: text, reason: why)
                guard count > 0 else { throw Events.nothingMeant }
                print("\(count) events are to be applied again")
            }
        }
    }

    struct Discard: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give events up: they will never be applied. What queued behind them is.")

        @OptionGroup var events: Events

        @Option(help: "Why, for the audit trail.")
        var why: String

        func validate() throws {
            try events.requireSome()
            if why.allSatisfy(\.isWhitespace) { throw ValidationError("--why must say something.") }
        }

        func run() throws {
            try orExplain {
                let count = try Quarantine(on: events.open()).discard(events.filter, reason: why)
                guard count > 0 else { throw Events.nothingMeant }
                print("\(count) events are given up")
            }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print events with everything that came with them as JSON, one a line, oldest first.")

        @OptionGroup var events: Events

        @Flag(help: "Also those that are resolved or discarded.")
        var all = false

        func run() throws {
            try orExplain {
                var filter = events.filter
                filter.includesDone = all
                for content in try Quarantine(on: events.open()).contents(filter) {
                    print(try JSONOutput.line(content))
                }
            }
        }
    }
}
