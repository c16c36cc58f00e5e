public import ArgumentParser
public import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Playbook

extension WaveCommand {
    struct Rollback: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a wave's rows out of the target again.",
            discussion: """
                In one transaction, which keeps the stream and loads of the wave's entities waiting: rows of the wave's scope \
                go, also those that the stream has brought since; what the load overwrote or deleted comes back if somebody \
                else than Tidegate had made it; what another wave has too stays. From then on the wave's changes are skipped \
                as pending, until it is loaded again. Rows that stay and point at rows that would go are a refusal, and so \
                are, unless --written says otherwise, rows that others have written since the load.

                The record of who wrote a row goes back two weeks: older writes of the stream count as those of others.
                """)

        @OptionGroup var subject: Subject

        @Flag(help: "Do it, see what it comes to, and undo it.")
        var preview = false

        @Option(help: "What becomes of rows that others have written since the load: refuse, keep or delete.")
        var written = WrittenRowsPolicy.refuse

        @Flag(help: "Do not ask.")
        var yes = false

        @Flag(help: "Print one JSON object instead of a table.")
        var json = false

        func validate() throws {
            if json, !preview, !yes { throw ValidationError("--json asks nothing: give --preview or --yes.") }
        }

        func run() throws {
            try orExplain {
                let (file, ledger) = try subject.open()
                ledger.close()
                let workspace = try Workspace(file, command: "wave", activating: false)
                workspace.targetConnection.close()
                workspace.sourceConnection?.close()
                var options = RollbackOptions(source: workspace.source, target: workspace.target)
                options.sessionSettings = try workspace.sessionSettings()
                options.written = written
                if preview || !yes {
                    options.isPreview = true
                    try show(try rollback(workspace, options), isDone: false)
                    guard !preview, confirms() else { return }
                }
                options.isPreview = false
                try show(try rollback(workspace, options), isDone: true)
            }
        }

        private func rollback(_ workspace: Workspace, _ options: RollbackOptions) throws -> [RolledBackEntity] {
            try WaveRollback(workspace.playbook, wave: subject.name, options: options).run()
        }

        /// Asks at a terminal; elsewhere the answer is no.
        private func confirms() -> Bool {
            guard isatty(0) == 1 else {
                print("nothing was changed; with --yes it is done")
                return false
            }
            print("Roll wave \(subject.wave) back? [y/N] ", terminator: "")
            return readLine().map { ["y", "yes"].contains($0.lowercased()) } ?? false
        }

        private func show(_ report: [RolledBackEntity], isDone: Bool) throws {
            if json { return print(try JSONOutput.pretty(report)) }
            guard !report.isEmpty else { return print("nothing of wave \(subject.wave) was loaded") }
            var columns = TextColumns(
                ["entity", "deleted", "restored", "kept", "by the stream since", "by others since", "set aside"],
                numeric: [1, 2, 3, 4, 5, 6])
            for entity in report {
                columns.add([
                    entity.name, "\(entity.deleted)", "\(entity.restored)", "\(entity.kept)",
                    "\(entity.writtenByStream)", "\(entity.writtenByOthers)", "\(entity.setAside)",
                ])
            }
            print(isDone ? "wave \(subject.wave) is rolled back:" : "a rollback of wave \(subject.wave) comes to:")
            print(columns.text, terminator: "")
        }
    }
}

extension WrittenRowsPolicy: ExpressibleByArgument {}
