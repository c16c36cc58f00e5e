import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// A `tidegate` process. It is killed with this value, at the latest.
public final class TidegateRun {
    /// The command, without its arguments.
    public let command: String
    /// The process's id.
    public let processID: Int32
    private let process = Process()
    /// Where what it prints goes.
    public let logPath: String

    /// Starts `tidegate` with these arguments; what it prints goes into a file of the folder.
    public init(_ arguments: [String], folder: String, environment: [String: String] = [:]) throws {
        command = arguments[0]
        logPath = "\(folder)/\(arguments[0]).\(UUID().uuidString.prefix(8)).log"
        guard FileManager.default.createFile(atPath: logPath, contents: nil),
            let log = FileHandle(forWritingAtPath: logPath)
        else {
            throw Unexpected(description: "cannot write \(logPath)")
        }
        process.executableURL = URL(fileURLWithPath: try TidegateExecutable.path())
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.run()
        processID = process.processIdentifier
    }

    deinit {
        guard process.isRunning else { return }
        kill(processID, SIGKILL)
        process.waitUntilExit()
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { process.isRunning }

    /// What it has printed so far.
    public var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// The end of that.
    public var logTail: String { "\(command):\n" + log.split(separator: "\n").suffix(15).joined(separator: "\n") }

    /// Sends a signal, if it still runs.
    public func signal(_ number: Int32) {
        if process.isRunning { kill(processID, number) }
    }

    /// Kills it as a crash would, and waits for its end.
    public func crash() {
        signal(SIGKILL)
        process.waitUntilExit()
    }

    /// Waits for its end.
    ///
    /// - Returns: its exit status; of one that a signal ended, the signal's number negated.
    @discardableResult
    public func waitForExit(within seconds: Double = 60) throws -> Int32 {
        try waitUntil("the end of tidegate \(command)", within: .seconds(seconds), state: { logTail }) {
            !process.isRunning
        }
        return exitStatus
    }

    /// How it ended: its exit status; of one that a signal ended, the signal's number negated.
    public var exitStatus: Int32 {
        process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Asks it to end, and waits for that.
    @discardableResult
    public func terminate(within seconds: Double = 30) throws -> Int32 {
        signal(SIGTERM)
        return try waitForExit(within: seconds)
    }

    /// Throws if it has ended, which it should not have.
    public func checkRunning() throws {
        guard !process.isRunning else { return }
        throw Unexpected(description: "tidegate \(command) ended by itself\n\(logTail)")
    }
}
