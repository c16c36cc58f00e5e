import Foundation

/// The `tidegate` that was built with these tests.
public enum TidegateExecutable {
    /// Its path: beside the test program.
    ///
    /// - Throws: where it was looked for, if it is not there.
    public static func path() throws -> String { try path(of: "tidegate") }

    /// The path of something else that was built with it.
    public static func path(of name: String) throws -> String {
        let folders = [
            CommandLine.arguments[0],
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "",
        ]
        .map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        for folder in folders {
            let path = folder.appendingPathComponent(name).path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Missing(name: name, folders: folders.map(\.path))
    }

    /// It was not built, or the tests run from elsewhere.
    public struct Missing: Error, CustomStringConvertible {
        let name: String
        let folders: [String]
        public var description: String { "no \(name) in \(folders.joined(separator: ", ")): build it first" }
    }
}
