import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A server of the tests' own in Python. It prints its port first, and ends with this value, or when this process ends: it
/// watches its standard input.
final class ScriptedServer: Sendable {
    /// The port of 127.0.0.1 that it listens on.
    let port: Int
    private let process = Mutex<Process?>(nil)
    private let control = Pipe()

    init(script: [UInt8], _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", String(decoding: script, as: UTF8.self)] + arguments
        let answer = Pipe()
        process.standardInput = control
        process.standardOutput = answer
        try process.run()
        let line = String(decoding: answer.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            process.terminate()
            throw NotStarted(description: "a test server in Python did not start: it said \"\(line)\"")
        }
        self.port = port
        self.process.withLock { $0 = process }
    }

    deinit {
        process.withLock { process in
            guard let running = process else { return }
            // It may have inherited a mask that blocks gentler signals, from the thread that started it.
            kill(running.processIdentifier, SIGKILL)
            running.waitUntilExit()
            process = nil
        }
    }

    /// Says a line to it.
    func say(_ line: String) throws { try control.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

    /// Why there is none.
    struct NotStarted: Error, CustomStringConvertible {
        let description: String
    }
}
