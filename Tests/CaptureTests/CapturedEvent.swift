import Foundation

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

    var operation: String? { envelope["op"] as? String }
    var source: [String: Any] { envelope["source"] as? [String: Any] ?? [:] }
    var isFromSnapshot: Bool { source["snapshot"].map { ($0 as? String) != "false" } ?? false }

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
