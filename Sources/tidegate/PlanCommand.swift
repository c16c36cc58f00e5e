import ArgumentParser
import Foundation
import LibPQ
import Planning
import Playbook

/// `tidegate plan`: what depends on what, what the waves take, how long they may take.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what depends on what, whether the waves cut it, and how long they may take.",
        discussion: """
            Reads both catalogs: foreign keys, lookups, scopes by parent and columns that look like references; for each \
            entity the views, triggers, functions, publications and tables that depend on it. A wave that cuts a \
            dependency is refused, with the scopes that would mend it. Rows and bytes come from statistics and samples, \
            durations from earlier loads in the ledger or from a few thousand rows that are mapped and written nowhere. \
            No table is read as a whole, and nothing is left behind.

            \(
                ExitStatus.help(
                    "no wave is refused",
                    problems: "a wave cuts a dependency, or the playbook has errors",
                    cannot: "the plan could not be made"))
            """)

    @OptionGroup var options: PlaybookOptions

    @Flag(help: "Print one JSON object instead of tables.")
    var json = false

    @Option(help: ArgumentHelp("Draw the plan into this file, as SVG.", valueName: "file"))
    var svg: String?

    @Flag(help: "Suggest waves: what belongs together, parents first, sized by rows.")
    var suggest = false

    @Option(help: "Seconds that rows may be looked at.")
    var budget = 60

    func validate() throws {
        if budget < 1 { throw ValidationError("--budget must be at least 1.") }
    }

    func run() throws {
        try orExplain {
            do {
                let plan = try plan(try options.read())
                if let svg { try Data(PlanDrawing(plan).svg.utf8).write(to: URL(fileURLWithPath: svg)) }
                print(json ? try JSONOutput.pretty(plan) : PlanReport(plan).text, terminator: json ? "\n" : "")
                if plan.isRefused { throw ExitStatus.foundProblems }
            } catch let error as PlaybookError where error.findings.contains(where: { $0.severity == .error }) {
                let report = FindingsReport(error.findings, playbook: options.playbook)
                print(json ? try report.json() : report.text)
                throw ExitStatus.foundProblems
            }
        }
    }

    private func plan(_ playbook: Playbook) throws -> MigrationPlan {
        let source = try playbook.source.postgres.map {
            try Connection(try $0.connectionString(), applicationName: "tidegate plan")
        }
        let target = try Connection(
            try playbook.target.postgres.connectionString(), applicationName: "tidegate plan")
        var options = Planner.Options()
        options.budget = .seconds(budget)
        options.suggestsWaves = suggest
        // Only to who is waiting.
        if ProgressMeter.Style.forStandardError == .bar {
            options.report = { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
        }
        return try Planner(playbook, source: source, target: target, options: options).plan()
    }
}
