import Foundation
import TestSupport
import Testing

/// The short run of `ops/chaos`: every fault once, against the real programs.
@Suite struct ChaosRunTests {
    @Test func everyFaultOnceLosesNothing() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try TidegateExecutable.path(of: "tidegate-chaos"))
        process.arguments = ["--seed", "4", "--rounds", "3"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        print(text)
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("3 rounds, 3 good"), "\(text)")
    }

    @Test func aFaultThatDoesNotExistIsRefused() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try TidegateExecutable.path(of: "tidegate-chaos"))
        process.arguments = ["--faults", "kill-sync,earthquake"]
        let output = Pipe()
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64 && text.contains("no fault earthquake"), "\(text)")
    }
}
