internal import ChangeEvents
import Foundation
internal import RDKafka

/// A message as it is kept in the quarantine: what its event can be decoded from again.
struct EventBytes {
    let key: [UInt8]?
    let value: [UInt8]?
    /// The headers that tell of key changes, as a JSON object of texts: without them one half of a key change is a plain
    /// delete or create, and the row's other columns are lost.
    let headers: String?
    /// All headers, as the ledger keeps them for the dead-letter topic.
    let allHeaders: String?

    init(_ message: borrowing Message) {
        key = message.key.map(Array.init)
        value = message.value.map(Array.init)
        var texts: [String: String] = [:]
        var all: [[String?]] = []
        message.forEachHeader { name, value in
            all.append([name, value.map { $0.map { byte in Self.digits[Int(byte)] }.joined() }])
            guard name == EventHeaders.newKeyName || name == EventHeaders.oldKeyName, let value else { return }
            // Another header converter's bytes say nothing to the decoder either.
            if let text = String(validating: value, as: UTF8.self) { texts[name] = text }
        }
        allHeaders = all.isEmpty ? nil : (try? JSONEncoder().encode(all)).map { String(decoding: $0, as: UTF8.self) }
        headers = texts.isEmpty ? nil : (try? JSONEncoder().encode(texts)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static let digits = (0...255).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
}
