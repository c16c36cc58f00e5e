import ArgumentParser
import Foundation
import LibPQ
import Model
import Playbook
import Synchronization
import Verification

/// `tidegate verify`: are both sides equal?
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare both sides, while they go on changing, and certify what is equal.",
        discussion: """
            Compares what is loaded, range by range, by digests that each side computes for itself, and rows whose digests \
            differ value by value. What the target owns, rows that no loaded wave takes and keys in the quarantine are left \
            out. A difference is reported only when it is proven that the stream cannot explain it; for that a sync must be \
            running. Rows that change too often to be compared in time are unproven, never equal.

            A verification that was stopped, killed or out of time goes on where it was when it is run again.

            Exit status: 0 when both sides are equal; 1 when they differ, or differed and were repaired; 3 when neither was \
            proven of all rows, or the time was over; 2 when it could not be done, also when it was stopped; 64 for a \
            mistake on the command line.
            """)

    @OptionGroup var options: PlaybookOptions

    @Option(help: "Only the entities of this wave, which must be loaded.")
    var wave: String?

    @Option(help: "Only this entity; may be given several times.")
    var entity: [String] = []

    @Flag(help: "Only ranges that have changed since they were certified, or have no certificate.")
    var dirty = false

    @Flag(help: "Write rows that have drifted again from the source, and compare them once more.")
    var repair = false

    @Flag(help: "Compare what has changed again and again, until stopped.")
    var watch = false

    @Option(help: "How long it may take, such as 30s, 5m or 1h (default: as long as it takes).")
    var budget: DurationArgument?

    @Option(help: "How long a lock may be waited for.")
    var lockTimeout = DurationArgument(.seconds(5))

    @Option(help: "How long one statement may take, and so one snapshot be held.")
    var statementTimeout = DurationArgument(.seconds(300))

    @Option(help: "How long to try to prove of rows that differ whether they have drifted.")
    var patience = DurationArgument(.seconds(30))

    @Option(help: "Ranges compared at once (default: the playbook's limits.source_connections).")
    var workers: Int?

    @Flag(help: "List the keys of rows that differ or are unproven.")
    var keys = false

    @Flag(help: "Print one JSON object for each step and one at the end, instead of words.")
    var json = false

    func validate() throws {
        if let workers, workers < 1 { throw ValidationError("--workers must be at least 1.") }
        if watch, budget != nil { throw ValidationError("--watch and --budget exclude each other.") }
    }

    func run() throws {
        try orExplain {
            let workspace = try Workspace(try options.read(), command: "verify", activating: false)
            workspace.targetConnection.close()
            workspace.sourceConnection?.close()
            let stopped = Mutex(false)
            let end = EndOfWork(watchingStandardInput: false) { stopped.withLock { $0 = true } }
            try withExtendedLifetime(end) {
                let verify = try verifyOptions(workspace)
                try run(workspace.playbook, verify) { stopped.withLock { $0 } }
            }
        }
    }

    private func run(
        _ playbook: CompiledPlaybook, _ prepared: VerifyOptions, isStopped: @escaping @Sendable () -> Bool
    ) throws {
        var verify = prepared
        verify.shouldStop = isStopped
        while true {
            let progress = VerifyProgress(style: json ? .json : .forStandardError)
            verify.report = { progress.report($0) }
            let outcome: VerifyOutcome
            do {
                outcome = try Verifier(playbook, options: verify).run()
            } catch let error as VerificationError where error.code == .stopped && watch {
                return
            }
            progress.end()
            let report = VerifyReport(outcome, keys: keys)
            print(json ? try JSONOutput.line(report) : report.text, terminator: json ? "\n" : "")
            guard watch else {
                switch outcome.verdict {
                case .equal: return
                case .drift, .repaired: throw ExitStatus.foundProblems
                case .unproven: throw ExitStatus.unproven
                }
            }
            verify.onlyDirty = true
            let next = ContinuousClock.now + .seconds(5)
            while ContinuousClock.now < next {
                if isStopped() { return }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    private func verifyOptions(_ workspace: Workspace) throws -> VerifyOptions {
        var verify = try workspace.verifyOptions()
        verify.wave = wave.map { WaveName(rawValue: $0) }
        verify.entities = entity.map { EntityName(rawValue: $0) }
        verify.onlyDirty = dirty
        verify.repairs = repair
        verify.budget = budget?.duration
        verify.lockTimeout = lockTimeout.duration
        verify.statementTimeout = statementTimeout.duration
        verify.patience = patience.duration
        if let workers { verify.workers = workers }
        return verify
    }
}
