import ArgumentParser
import Chaos
import Foundation

/// `tidegate-chaos`: see `ops/chaos`.
@main
struct ChaosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ops/chaos",
        abstract: "Break everything around a migration, and see whether both sides end identical.",
        discussion: """
            Each round moves a small shop from one throwaway PostgreSQL to another, under a write load, with the real \
            capture, two syncs and loads, while faults happen that are drawn from the seed. Afterwards both sides must be \
            identical, every event accounted for against the broker's log ends, and no log line above info without a \
            fault that explains it. A round that fails prints how to run it again, and keeps its logs.

            Exit status: 0 when all rounds were good, 1 when one was not, 2 when none could be run, 64 for a mistake on \
            the command line.
            """)

    @Option(help: "What the rounds are drawn from (default: another one each time).")
    var seed: UInt64?

    @Option(help: "How many rounds.")
    var rounds = 3

    @Option(help: "Only the round of this number.")
    var round: Int?

    @Option(help: "Begin no round after so many minutes.")
    var minutes: Int?

    @Option(help: "Only these faults, with commas between them.")
    var faults: String?

    @Flag(help: "List the faults, and end.")
    var list = false

    func validate() throws {
        guard rounds >= 1, round ?? 1 >= 1, minutes ?? 1 >= 1 else {
            throw ValidationError("--rounds, --round and --minutes must be at least 1.")
        }
        _ = try chosen()
    }

    func run() throws {
        if list {
            for fault in Fault.allCases {
                print(fault.rawValue.padding(toLength: 16, withPad: " ", startingAt: 0) + fault.summary)
            }
            return
        }
        let numbers = round.map { $0...$0 } ?? 1...rounds
        let chaos = ChaosRun(
            seed: seed ?? .random(in: 0..<1 << 32), rounds: numbers, limit: minutes.map { .seconds($0 * 60) },
            faults: try chosen()
        ) { FileHandle.standardOutput.write(Data("\($0)\n".utf8)) }
        do {
            if try !chaos.run() { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            FileHandle.standardError.write(Data("ops/chaos: \(error)\n".utf8))
            throw ExitCode(2)
        }
    }

    private func chosen() throws -> [Fault] {
        guard let faults else { return Fault.allCases }
        return try faults.split(separator: ",").map { name in
            guard let fault = Fault(rawValue: String(name)) else {
                throw ValidationError("There is no fault \(name); --list shows them.")
            }
            return fault
        }
    }
}
