import ArgumentParser
import Baseline
import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Synchronization
import Throttling

/// `tidegate load`: the baseline of a wave.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load a wave's rows and join them with the stream, without a row lost, doubled or reverted.",
        discussion: """
            Reads the wave's rows from the source in chunks, while the source is written to and `tidegate sync` applies \
            its changes, and ends when the stream is proven to have passed the load: then the wave is live. It needs a \
            running sync for that. It takes no locks on the source, and no long snapshot.

            What is loaded stays loaded: a load that was stopped or killed goes on at its last chunk when it is run \
            again. The same load may run in several processes, on several machines, at once.

            It yields: it goes slower, or pauses, while the stream falls behind, either server is under strain, or the source \
            keeps much log for the slot, and says which of it is the reason. The playbook's limits.throttle says from where on.

            For a source that cannot be reached, --csv loads exported files, and --topic takes the snapshot events that \
            the connector has put into the topics; both send the sync back to the beginning of the wave's topics.

            When a topic has lost changes before they were applied, --again loads the rows anew while they stay live for \
            their users: it makes the target equal to the source, deletes included and what the target owns left alone, \
            for all waves of the entities that have started, and lets the stream go on behind the loss. Without --yes \
            it only says what it would do.

            \(ExitStatus.help("the wave is live", cannot: "it is not, also when the load was stopped"))
            """)

    @Argument(help: "The wave, as the playbook names it.")
    var wave: String

    @OptionGroup var options: PlaybookOptions

    @Flag(help: "Print one JSON object for each step and one at the end, instead of words.")
    var json = false

    @Option(help: "Load from <entity>.csv files in this folder, each with a header of source columns.")
    var csv: String?

    @Flag(help: "Take the rows from the topics' snapshot events.")
    var topic = false

    @Flag(help: "Load rows anew that are loaded already, because the topic has lost changes of theirs.")
    var again = false

    @Option(name: .customLong("entity"), help: "With --again: only this entity of the wave; may be repeated.")
    var entities: [String] = []

    @Flag(help: "With --again: do it.")
    var yes = false

    @Option(help: "Seconds that the stream may take to pass the load, before giving up (default: for ever).")
    var sealTimeout: Int?

    @Flag(help: "Put this playbook in force if it differs from the one that is.")
    var activate = false

    func validate() throws {
        if csv != nil, topic { throw ValidationError("--csv and --topic exclude each other.") }
        if again, csv != nil || topic {
            throw ValidationError("--again reads the source's database; it excludes --csv and --topic.")
        }
        if !again, yes || !entities.isEmpty { throw ValidationError("--entity and --yes go with --again.") }
        if let sealTimeout, sealTimeout < 1 { throw ValidationError("--seal-timeout must be at least 1.") }
    }

    func run() throws {
        try orExplain {
            let workspace = try Workspace(try options.read(), command: "load", activating: activate)
            workspace.targetConnection.close()
            workspace.sourceConnection?.close()
            let progress = LoadProgress(wave: wave, style: json ? .json : .forStandardError)
            var load = try workspace.loadOptions()
            load.origin = csv != nil ? .csv : topic ? .topic : .source
            load.folder = csv
            load.sealTimeout = sealTimeout.map { .seconds($0) }
            load.report = { progress.report($0) }
            load.again = again
            load.entities = entities.isEmpty ? nil : entities.map { EntityName(rawValue: $0) }
            let name = WaveName(rawValue: wave)
            if again, !yes {
                let plan = try WaveLoad(workspace.playbook, wave: name, options: load).planAgain()
                return print(json ? try AgainReport.json(plan) : AgainReport.text(plan))
            }
            let monitor = try workspace.throttle(of: load, wave: name) { progress.report($0) }
            load.throttle = monitor
            let stopped = Mutex(false)
            let end = EndOfWork(watchingStandardInput: false) { stopped.withLock { $0 = true } }
            try withExtendedLifetime(end) {
                load.shouldStop = { stopped.withLock { $0 } }
                monitor.start()
                defer { monitor.stop() }
                let outcome = try WaveLoad(workspace.playbook, wave: name, options: load).run()
                progress.finish(outcome)
            }
        }
    }
}
