/// By what a Kafka record is known again: the one at an offset of a topic that was made anew, or of a log that was cut off
/// and written again, has another.
///
/// Timestamps are milliseconds, and retention keeps them; two records that agree in all of this at one offset of one
/// partition are the same record, or a copy of it that a mirror made.
public struct RecordMark: Hashable, Sendable, CustomStringConvertible {
    /// The record's offset.
    public let offset: Int64
    /// Milliseconds since 1970; -1 without one.
    public let timestamp: Int64
    /// Bytes of the key; -1 without one.
    public let keyBytes: Int
    /// Bytes of the value; -1 without one.
    public let valueBytes: Int

    /// A record's mark.
    public init(offset: Int64, timestamp: Int64?, keyBytes: Int?, valueBytes: Int?) {
        self.offset = offset
        self.timestamp = timestamp ?? -1
        self.keyBytes = keyBytes ?? -1
        self.valueBytes = valueBytes ?? -1
    }

    public var description: String { "\(offset):\(timestamp):\(keyBytes):\(valueBytes)" }

    /// Reads what `description` wrote.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, let offset = Int64(parts[0]), let timestamp = Int64(parts[1]), let key = Int(parts[2]),
            let value = Int(parts[3])
        else { return nil }
        self.init(offset: offset, timestamp: timestamp, keyBytes: key, valueBytes: value)
    }
}
