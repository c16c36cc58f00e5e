import ArgumentParser
import Foundation
import LibPQ
import Logging
import Model
import Playbook
import Sync
import Synchronization
import Throttling

/// `tidegate sync`: applies the source's changes to the target.
struct SyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Apply one side's changes from the topics to the other, until stopped.",
        discussion: """
            Reads the playbook's topics as a member of a consumer group and applies what it finds to the target. How far \
            it is stands in the target, in the same transaction as the rows: it may be stopped, killed or started \
            anywhere else at any time, and any number of processes share the work.

            Changes of rows that no load has started are skipped; `tidegate load` starts them. With --reverse what the \
            target owns goes back to the source: the same engine with the sides swapped, from the topics that `tidegate \
            capture --reverse` fills, its checkpoints in the source's schema tidegate. SIGTERM and SIGINT end \
            it when what it has taken is committed.

            Where the source no longer keeps to its contract (a column was added, dropped, renamed, retyped; a key was \
            changed), an entity does what its `drift` says; `tidegate playbook drift` shows it. When another playbook or \
            contract is put in force, it is taken up between two batches, from the same file: one that is not in force \
            ends the process.

            \(ExitStatus.help("it was stopped, or with --once everything is applied", cannot: "it could not start or go on")) \
            What passes (a server or broker that is gone) is waited for.
            """)

    @OptionGroup var options: PlaybookOptions

    @Flag(help: "Apply the target's changes to the source: of what the target owns.")
    var reverse = false

    @Option(
        help:
            "The consumer group that shares the work (default: tidegate-, the playbook's name, and -reverse with that)."
    )
    var group: String?

    @Option(help: "Apply threads, each with its own target connection (default: the playbook's limits.lanes).")
    var lanes: Int?

    @Flag(help: "End when everything that the topics held at the start is applied.")
    var once = false

    @Flag(help: "Put this playbook in force if it differs from the one that is.")
    var activate = false

    func validate() throws {
        if let lanes, !(1...64).contains(lanes) { throw ValidationError("--lanes must be 1 to 64.") }
    }

    func run() throws {
        try orExplain {
            let current = Mutex<SyncService?>(nil)
            let isStopping = Atomic<Bool>(false)
            let end = EndOfWork(watchingStandardInput: false) {
                isStopping.store(true, ordering: .sequentiallyConsistent)
                current.withLock { $0?.stop() }
            }
            try withExtendedLifetime(end) {
                var isFirst = true
                while !isStopping.load(ordering: .sequentiallyConsistent) {
                    let (service, logger, run) = try makeService(activating: activate && isFirst)
                    isFirst = false
                    current.withLock { $0 = service }
                    // Whoever was told before that has not stopped this one.
                    if isStopping.load(ordering: .sequentiallyConsistent) { return }
                    do {
                        return try run()
                    } catch let error as SyncError where error.code == .notInForce {
                        logger.notice("another playbook or contract was put in force, taking it up")
                    }
                }
            }
        }
    }

    /// A service for the playbook as its file is now, and what runs it.
    private func makeService(activating: Bool) throws -> (SyncService, Logger, run: () throws -> Void) {
        let workspace = try Workspace(try options.read(), command: "sync", activating: activating)
        let playbook = reverse ? try workspace.reverse() : workspace.playbook
        workspace.targetConnection.close()
        workspace.sourceConnection?.close()
        var logger = options.logger("tidegate.sync")
        logger[metadataKey: "playbook"] = "\(playbook.name)"
        if reverse { logger[metadataKey: "flow"] = "reverse" }
        let service = SyncService(
            playbook,
            options: SyncOptions(
                target: reverse ? workspace.source ?? workspace.target : workspace.target,
                source: reverse ? workspace.target : workspace.source,
                kafka: try playbook.kafka.resolvedProperties(), flow: reverse ? .reverse : .forward,
                group: group ?? "tidegate-\(playbook.name)" + (reverse ? "-reverse" : ""), lanes: lanes,
                owner: "\(ProcessInfo.processInfo.hostName)/\(ProcessInfo.processInfo.processIdentifier)",
                stopsAtEnd: once, contracts: reverse ? [:] : workspace.contracts,
                edition: reverse ? nil : workspace.edition),
            logger: logger)
        return (
            service, logger,
            run: {
                try SlotWatch.watching(
                    playbook.playbook, in: reverse ? workspace.target : workspace.source, reverse: reverse, logger
                ) { try service.run() }
            }
        )
    }
}
