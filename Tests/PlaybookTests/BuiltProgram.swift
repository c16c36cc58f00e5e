import Foundation

/// The program `tidegate` as it was built with these tests.
struct BuiltProgram {
    /// What a run of it gave.
    struct Outcome {
        let status: Int32
        let output: String
        let complaint: String
    }

    private let path: String

    /// Finds it beside the tests' own bundle, which this process has mapped.
    init() throws {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        let folders = maps.split(separator: "\n").compactMap { line -> String? in
            guard let start = line.firstIndex(of: "/"), line.contains("PackageTests.xctest") else { return nil }
            return URL(fileURLWithPath: String(line[start...])).deletingLastPathComponent().path
        }
        let found = folders.map { "\($0)/tidegate" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else { throw CocoaError(.fileNoSuchFile) }
        path = found
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: no reader has to keep up.
        let files = ["output", "complaint"].map { folder.appendingPathComponent($0) }
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOf: files[0], encoding: .utf8),
            complaint: try String(contentsOf: files[1], encoding: .utf8))
    }
}
