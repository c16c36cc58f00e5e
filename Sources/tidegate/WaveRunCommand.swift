import ArgumentParser
import Baseline
import Foundation
import LibPQ
import Model
import Playbook
import Synchronization
import Throttling
import Verification
import Waves

extension WaveCommand {
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring a wave as far as it goes: load it, verify it, and once it is signed off, make it live.",
            discussion: """
                A run goes on where the wave stands. It loads (as `tidegate load` does, with a running sync), compares both \
                sides, keeps what was found as evidence and waits for the sign-off of somebody else than who ran it. Run \
                again after that, the wave is live.

                --dry-run reads, maps and writes every row in one transaction that is rolled back, and tells what would be \
                set aside. --pilot loads that many chunks of each entity and leaves the rest for the next run.
                """)

        @OptionGroup var subject: Subject

        @Flag(help: "Load in a transaction that is rolled back, and tell what was found.")
        var dryRun = false

        @Option(help: "Load so many chunks of each entity, as a pilot.")
        var pilot: Int?

        @Flag(help: "Verify a wave that is verified or signed off once more; what was signed counts for nothing then.")
        var again = false

        @Flag(help: "Print JSON instead of words.")
        var json = false

        func validate() throws {
            if dryRun, pilot != nil || again {
                throw ValidationError("--dry-run goes with neither --pilot nor --again.")
            }
            if let pilot, pilot < 1 { throw ValidationError("--pilot must be at least 1.") }
        }

        func run() throws {
            try orExplain {
                let workspace = try Workspace(try subject.options.read(), command: "wave", activating: false)
                workspace.targetConnection.close()
                workspace.sourceConnection?.close()
                let stopped = Mutex(false)
                let end = EndOfWork(watchingStandardInput: false) { stopped.withLock { $0 = true } }
                try withExtendedLifetime(end) {
                    let progress = LoadProgress(wave: subject.wave, style: json ? .json : .forStandardError)
                    var load = try workspace.loadOptions()
                    load.pilotChunks = pilot
                    load.shouldStop = { stopped.withLock { $0 } }
                    load.report = { progress.report($0) }
                    if dryRun {
                        return try show(try DryRun(workspace.playbook, wave: subject.name, options: load).run())
                    }
                    let monitor = try workspace.throttle(of: load, wave: subject.name) { progress.report($0) }
                    load.throttle = monitor
                    monitor.start()
                    defer { monitor.stop() }
                    try run(workspace, load)
                }
            }
        }

        private func run(_ workspace: Workspace, _ load: LoadOptions) throws {
            var verify = try workspace.verifyOptions()
            verify.shouldStop = load.shouldStop
            let progress = VerifyProgress(style: json ? .json : .forStandardError)
            verify.report = { progress.report($0) }
            let outcome = try WaveRun(
                workspace.playbook, wave: subject.name, load: load, verify: verify, actor: Actor.current, again: again
            ).run()
            progress.end()
            let report = WaveRunReport(wave: subject.wave, outcome)
            print(json ? try JSONOutput.line(report) : report.text, terminator: json ? "\n" : "")
            if !outcome.reasons.isEmpty { throw ExitStatus.foundProblems }
        }

        private func show(_ findings: [DryRun.Finding]) throws {
            if json { return print(try JSONOutput.pretty(findings)) }
            var columns = TextColumns(["entity", "rows", "overwritten", "corrected", "set aside"], numeric: [1, 2])
            for finding in findings {
                columns.add([
                    finding.entity, "\(finding.rows)", "\(finding.overwritten)", Self.text(finding.corrected),
                    Self.text(finding.setAside),
                ])
            }
            print("a load of wave \(subject.wave) would come to this; nothing was changed:")
            print(columns.text, terminator: "")
        }

        private static func text(_ counts: [String: Int]) -> String {
            counts.isEmpty
                ? "-" : counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        }
    }
}

/// How far a run has brought a wave.
struct WaveRunReport: Encodable {
    let wave: String
    let phase: WavePhase
    let evidence: String?
    let verification: VerifyReport?
    let reasons: [String]

    init(wave: String, _ outcome: WaveRun.Outcome) {
        self.wave = wave
        phase = outcome.phase
        evidence = outcome.evidence
        verification = outcome.verification.map { VerifyReport($0, keys: false) }
        reasons = outcome.reasons
    }

    var text: String {
        var text = verification?.text ?? ""
        text += "wave \(wave) is \(phase.rawValue)\n"
        if let evidence { text += "evidence: \(evidence)\n" }
        for reason in reasons { text += "it goes no further: \(reason)\n" }
        return text
    }
}
