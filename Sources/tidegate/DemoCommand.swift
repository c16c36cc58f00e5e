import ArgumentParser
import Demo
import Foundation

/// `tidegate demo`: the whole of Tidegate on throwaway servers.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Move a live shop to another schema, on throwaway servers.",
        discussion: """
            Starts two PostgreSQL clusters and an embedded broker, fills the source, and writes to it from several \
            connections while `capture`, `load` and `sync` move it in three waves. Then it stops the writes, waits until \
            everything has arrived, and compares both sides row by row with SQL of its own.

            Needs the programs of PostgreSQL and nothing else.

            \(ExitStatus.help(
                "both sides are identical", problems: "they are not, or an event is not accounted for",
                cannot: "the demonstration did not come to its end"))
            """)

    @Option(help: "Customers in the source; it has about nine times as many rows.")
    var customers = 6000

    @Option(help: "Connections that write while the shop moves.")
    var writers = 4

    @Option(help: "Transactions a second of all writers together.")
    var rate = 250

    @Flag(help: "Leave everything running at the end, until Ctrl-C.")
    var keep = false

    func validate() throws {
        guard (100...1_000_000).contains(customers) else {
            throw ValidationError("--customers must be 100 to 1000000.")
        }
        guard (1...50).contains(writers) else { throw ValidationError("--writers must be 1 to 50.") }
        guard (1...100_000).contains(rate) else { throw ValidationError("--rate must be 1 to 100000.") }
    }

    func run() throws {
        var options = DemoOptions(executable: Bundle.main.executablePath ?? CommandLine.arguments[0])
        options.customers = customers
        options.writers = writers
        options.transactionsPerSecond = rate
        options.keep = keep
        let clock = ContinuousClock()
        let start = clock.now
        let demo = Demo(options) { line in
            let seconds = Double((clock.now - start) / .milliseconds(100)) / 10
            FileHandle.standardOutput.write(Data("[\(String(format: "%5.1f", seconds)) s] \(line)\n".utf8))
        }
        try orExplain {
            let identical = try demo.run { EndOfWork(watchingStandardInput: false).wait() }
            if !identical { throw ExitStatus.foundProblems }
        }
    }
}
