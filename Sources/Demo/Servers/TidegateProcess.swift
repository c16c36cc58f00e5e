import Foundation
import Synchronization

/// A `tidegate` command as a process of its own.
final class TidegateProcess: Sendable {
    let command: String
    /// Where its output goes; nil for ours.
    let logPath: String?
    private let process: Process

    /// Starts `tidegate` with these arguments.
    init(
        executable: String, _ arguments: [String], environment: [String: String], logPath: String? = nil
    ) throws {
        command = arguments[0]
        self.logPath = logPath
        process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        if let logPath {
            guard FileManager.default.createFile(atPath: logPath, contents: nil),
                let log = FileHandle(forWritingAtPath: logPath)
            else { throw DemoError("cannot write \(logPath)") }
            process.standardOutput = log
            process.standardError = log
        }
        try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    var isRunning: Bool { process.isRunning }

    /// Waits for its end.
    ///
    /// - Throws: when it failed, with the end of its log.
    func waitForSuccess() throws {
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return }
        throw DemoError("`tidegate \(command)` ended with \(process.terminationStatus)\(logTail)")
    }

    /// Throws if it has ended, which it should not have.
    func checkRunning() throws {
        guard !process.isRunning else { return }
        throw DemoError("`tidegate \(command)` ended by itself with \(process.terminationStatus)\(logTail)")
    }

    /// Asks it to end, and waits for it.
    func stop() throws {
        if process.isRunning { process.terminate() }
        try waitForSuccess()
    }

    private var logTail: String {
        guard let logPath, let text = try? String(contentsOfFile: logPath, encoding: .utf8) else { return "" }
        return ":\n" + text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }
}
