public import ArgumentParser
import Foundation
import LibPQ
public import Logging
import Playbook

/// The options of every command that works with a playbook.
struct PlaybookOptions: ParsableArguments {
    @Option(name: [.customShort("p"), .long], help: "The playbook file.")
    var playbook = "playbook.yaml"

    @Option(help: "The least severe log messages to print.")
    var logLevel = Logger.Level.notice

    /// Reads the playbook.
    func read() throws -> Playbook { try Playbook(contentsOf: playbook) }

    /// A logger that writes to standard error.
    func logger(_ label: String) -> Logger {
        var logger = Logger(label: label, factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = logLevel
        return logger
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
