import Foundation
import TestSupport

/// One message of a topic.
struct CapturedEvent {
    let topic: String
    let key: String?
    let value: String?
    let headers: [(String, String)]

    /// The envelope; empty for a tombstone. A schema around it is taken off.
    var envelope: [String: Any] { CapturedEvent.parse(value) }

    /// The key's fields; nil without a key.
    var keyFields: NSDictionary? { key.map { CapturedEvent.parse($0) as NSDictionary } }

    /// The last part of the topic's name.
    var table: String { topic.split(separator: ".").last.map(String.init) ?? "" }
    var operation: String? { envelope["op"] as? String }
    var source: [String: Any] { envelope["source"] as? [String: Any] ?? [:] }
    /// A converter that keeps nulls writes null where others write "false".
    var isFromSnapshot: Bool { (source["snapshot"] as? String).map { $0 != "false" } ?? false }

    /// The pair in `source.sequence`, null as 0.
    var sequence: (UInt64, UInt64)? {
        guard let text = source["sequence"] as? String,
            let pair = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any], pair.count == 2
        else { return nil }
        let numbers = pair.map { ($0 as? String).flatMap(UInt64.init) ?? 0 }
        return (numbers[0], numbers[1])
    }

    func image(_ name: String) -> [String: Any]? { envelope[name] as? [String: Any] }

    private static func parse(_ text: String?) -> [String: Any] {
        guard let text, let parsed = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            return [:]
        }
        if parsed["schema"] != nil, let payload = parsed["payload"] as? [String: Any] { return payload }
        return parsed
    }
}

extension Recording {
    /// The events of the stream (not those of the snapshot), in order.
    func events() throws -> [CapturedEvent] {
        let text = try String(contentsOf: folder.appending(path: "events.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").compactMap { line in
            let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            let headers = (record["headers"] as? [[String: Any]] ?? []).compactMap { header in
                (header["key"] as? String).map { ($0, header["value"] as? String ?? "") }
            }
            let event = CapturedEvent(
                topic: record["topic"] as? String ?? "", key: record["key"] as? String,
                value: record["value"] as? String, headers: headers.filter { !$0.0.hasPrefix("__debezium.context") })
            return event.isFromSnapshot ? nil : event
        }
    }
}
