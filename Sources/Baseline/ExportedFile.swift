import ChangeEvents
import Foundation
import Model
import Playbook

/// A CSV file with a header that names source columns.
struct ExportedFile {
    /// The columns that the header names, as SQL.
    let columns: String
    /// The same as a set.
    let present: ColumnSet
    private(set) var bytesRead = 0
    private let handle: FileHandle
    private let path: String

    init(folder: String, entity: CompiledEntity) throws {
        path = folder + "/\(entity.name).csv"
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw BaselineError(.file, "\(path) cannot be read; each entity of the wave needs a file of its name")
        }
        self.handle = handle
        var header = Data()
        while !header.contains(0x0A), let part = try handle.read(upToCount: 4096), !part.isEmpty { header += part }
        try handle.seek(toOffset: 0)
        let line = String(decoding: header.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        let names = Self.names(line.hasPrefix("\u{FEFF}") ? String(line.dropFirst()) : line)
        let known = Set(entity.sourceColumns.map(\.name))
        // Told by their places: the first line of a file without a header is a row.
        let unknown = names.indices.filter { !known.contains(names[$0]) }.map { "\($0 + 1)" }
        let keys = entity.sourceKey.map { entity.sourceColumns[$0].name }
        guard unknown.isEmpty, keys.allSatisfy(names.contains) else {
            throw BaselineError(
                .file,
                "the first line of \(path) must name columns of \(entity.source), the key \(keys.joined(separator: ", ")) "
                    + "among them; " + Self.complaint(unknown, of: names.count)
                    + "expected are names out of \(known.sorted().joined(separator: ", "))")
        }
        present = ColumnSet(entity.sourceColumns.indices.filter { names.contains(entity.sourceColumns[$0].name) })
        columns = names.map { quotedIdentifier($0) }.joined(separator: ", ")
    }

    mutating func forEachPart(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while let part = try handle.read(upToCount: 1 << 18), !part.isEmpty {
            bytesRead += part.count
            try part.withUnsafeBytes(body)
        }
    }

    private static func complaint(_ unknown: [String], of count: Int) -> String {
        guard !unknown.isEmpty else { return "it lacks some of the key; " }
        let places = unknown.prefix(10).joined(separator: ", ") + (unknown.count > 10 ? " and further on" : "")
        return "\(unknown.count) of its \(count) fields \(unknown.count == 1 ? "is" : "are") unknown, "
            + "at \(unknown.count == 1 ? "position" : "positions") \(places); "
    }

    /// The fields of a header, which may be in double quotes.
    private static func names(_ line: String) -> [String] {
        var names: [String] = []
        var name = ""
        var isQuoted = false
        for character in line {
            if character == "\"" {
                isQuoted.toggle()
            } else if character == ",", !isQuoted {
                names.append(name)
                name = ""
            } else {
                name.append(character)
            }
        }
        return names + [name]
    }
}
