import Foundation
import TestSupport
import Testing

@Suite struct DemoRunTests {
    @Test func aSmallShopMovesAndEndsIdentical() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try TidegateExecutable.path())
        process.arguments = ["demo", "--customers", "300", "--writers", "2", "--rate", "40"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("source and target are identical"), "\(text)")
    }
}
