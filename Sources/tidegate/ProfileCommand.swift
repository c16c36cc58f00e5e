import ArgumentParser
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Profiling

/// `tidegate profile`: what the source's rows are like, and what of them the target would not take.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Show what the source's rows are like, and what of them the target would not take.",
        discussion: """
            Counts NULLs, different values, ranges, lengths and forms of each column, on a sample of the pages or on all \
            rows; puts a sample to the mapping and counts what the target would refuse; looks for keys that are there \
            more than once and for rows that point at nothing. What it finds becomes entries for the catalog of defects. \
            The source is only read, in short transactions; the target is left as it was, but for the counts in the \
            ledger, which later loads are compared with.

            Row values are told only with --values, and only in what the command prints and writes. Without it, bounds are \
            rounded to two digits.

            \(
                ExitStatus.help(
                    "nothing was found that a load would stumble over", problems: "something was",
                    cannot: "the profile could not be made"))
            """)

    @OptionGroup var options: PlaybookOptions

    @Option(help: "Only the rows that this wave takes.")
    var wave: String?

    @Option(help: "Only this entity.")
    var entity: String?

    @Flag(help: "Look at every row, as far as the budget goes.")
    var full = false

    @Option(help: "How many rows of a table are looked at, about.")
    var rows = 20_000

    @Option(help: "Seconds that all of it may take.")
    var budget = 120

    @Flag(help: "Tell the most frequent values and exact bounds.")
    var values = false

    @Flag(help: "Leave no counts in the ledger.")
    var noStore = false

    @Flag(help: "Print JSON instead of Markdown.")
    var json = false

    @Option(help: ArgumentHelp("Write the report into this file, as HTML with charts.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("Write the report into this file, as Markdown.", valueName: "file"))
    var markdown: String?

    @Option(help: ArgumentHelp("Write the entries for the catalog of defects into this file.", valueName: "file"))
    var defects: String?

    func validate() throws {
        if rows < 1 { throw ValidationError("--rows must be at least 1.") }
        if budget < 1 { throw ValidationError("--budget must be at least 1.") }
    }

    func run() throws {
        try orExplain {
            let parsed = try options.read()
            let target = try Connection(
                try parsed.target.postgres.connectionString(), applicationName: "tidegate profile")
            let report = try profile(parsed, target)
            for (file, text) in [(html, report.html), (markdown, report.markdown), (defects, report.defects)] {
                if let file { try Data(text.utf8).write(to: URL(fileURLWithPath: file)) }
            }
            print(json ? try report.json() : report.markdown, terminator: json ? "\n" : "")
            // Last, so that a ledger that cannot be written costs no report.
            if !noStore { try store(report.profiles, parsed, on: target) }
            if report.profiles.contains(where: \.hasDefects) { throw ExitStatus.foundProblems }
        }
    }

    private func profile(_ parsed: Playbook, _ target: Connection) throws -> ProfileReport {
        guard let database = parsed.source.postgres else {
            throw CommandFailure("the playbook has no source.postgres: there are no rows to look at")
        }
        let source = try Connection(try database.connectionString(), applicationName: "tidegate profile")
        // Profiles are taken before waves are final.
        let (playbook, _) = try CompiledPlaybook.survey(
            parsed, source: source, target: target, asksRows: false)
        if let wave, !playbook.waves.contains(WaveName(rawValue: wave)) {
            throw CommandFailure("the playbook has no wave \(wave); its waves are \(Self.list(playbook.waves))")
        }
        try playbook.prepare(target)
        var wishes = Profiler.Options()
        wishes.rows = rows
        wishes.isFull = full
        wishes.budget = .seconds(budget)
        wishes.showsValues = values
        wishes.wave = wave.map(WaveName.init(rawValue:))
        let profiler = try Profiler(playbook, source: source, target: target, options: wishes)
        let entities = profiler.entities.filter { entity == nil || $0.name.rawValue == entity }
        guard !entities.isEmpty else {
            throw CommandFailure("there is no such entity here; there are \(Self.list(profiler.entities.map(\.name)))")
        }
        var meter = ProgressMeter(style: .forStandardError)
        let profiles = try profiler.profiles(of: entities) { entity, number in
            let text = "profiling \(entity.name) (\(number) of \(entities.count))"
            if meter.style == .lines { return meter.say(text, [:]) }
            meter.show(Double(number - 1) / Double(entities.count), text, line: text, [:])
        }
        meter.clear()
        return ProfileReport(playbook: playbook.name, profiles: profiles)
    }

    private func store(_ profiles: [EntityProfile], _ playbook: Playbook, on target: Connection) throws {
        try Migrations().apply(on: target)
        let ids = try Entities(on: target).register(playbook.entities.map(\.name.value))
        for profile in profiles {
            guard let id = ids[EntityName(rawValue: profile.entity)] else { continue }
            try Profiles(on: target).store(profile.record, of: id)
        }
    }

    private static func list(_ names: [some CustomStringConvertible]) -> String {
        names.map(\.description).joined(separator: ", ")
    }
}
