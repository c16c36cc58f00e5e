import Foundation

/// Runs a program to its end.
enum Command {
    /// What it printed, without white space around.
    ///
    /// - Throws: `SandboxError` with what it complained of, when it cannot be run or fails.
    static func output(_ program: String, _ arguments: [String], input: String? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw SandboxError("cannot run \(program): \(error)") }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard process.terminationStatus == 0 else {
            throw SandboxError("\(program) failed with \(process.terminationStatus): \(text)")
        }
        return text
    }
}
