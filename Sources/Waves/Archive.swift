import Foundation

/// A tar archive of files in one folder, by the system's `tar`.
enum Archive {
    /// Packs the files of a folder.
    static func pack(_ folder: URL, into file: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        try run(
            ["--create", "--gzip", "--file", file, "--owner=0", "--group=0", "--sort=name", "-C", folder.path, "--"]
                + names)
    }

    /// Unpacks the files of an archive into a folder, which must be new.
    static func unpack(_ file: String, into folder: URL) throws {
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw BundleError(.archive, "\(file) cannot be read")
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(["--extract", "--gzip", "--file", file, "--no-same-owner", "--no-same-permissions", "-C", folder.path])
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar"] + arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            throw BundleError(.archive, "tar: \(words)")
        }
    }
}
