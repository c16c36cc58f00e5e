import ChangeEvents
import Foundation
import TestSupport

/// One line of a recording.
struct RecordedEvent {
    let line: Int
    let topic: String
    let key: [UInt8]?
    let value: [UInt8]?
    let headers: [String: [UInt8]]

    /// Reads a recording. Lines are split at "\n" only: values contain other line separators.
    static func load(_ file: URL) throws -> [RecordedEvent] {
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
        return try lines.enumerated().map { number, line in
            let object = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
            let headers = (object["headers"] as? [[String: Any]] ?? []).map {
                ($0["key"] as? String ?? "", Array(($0["value"] as? String ?? "").utf8))
            }
            return RecordedEvent(
                line: number + 1, topic: object["topic"] as? String ?? "",
                key: (object["key"] as? String).map { Array($0.utf8) },
                value: (object["value"] as? String).map { Array($0.utf8) },
                headers: Dictionary(headers, uniquingKeysWith: { first, _ in first }))
        }
    }
}

extension Recording {
    func events() throws -> [RecordedEvent] { try RecordedEvent.load(folder.appending(path: "events.jsonl")) }

    func modes() throws -> ConnectorModes { try ConnectorModes(properties: properties()) }
}
