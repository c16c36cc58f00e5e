import Foundation

/// What the real connector made of a script.
struct Recording: Sendable, CustomStringConvertible {
    let scenario: String
    let variant: String

    var description: String { "\(scenario)/\(variant)" }

    private var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/debezium/fixtures/\(scenario)")
    }

    func script(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// The connector's configuration.
    func properties() throws -> [String: String] {
        let text = try String(contentsOf: folder.appending(path: "\(variant)/connector.properties"), encoding: .utf8)
        var properties: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { properties[String(parts[0])] = String(parts[1]) }
        }
        return properties
    }

    /// The events of the stream (not those of the snapshot), in order.
    func events() throws -> [CapturedEvent] {
        let text = try String(contentsOf: folder.appending(path: "\(variant)/events.jsonl"), encoding: .utf8)
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
