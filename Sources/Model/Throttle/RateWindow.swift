/// The most that all loads together may do in a second.
public struct RateCeiling: Hashable, Sendable, CustomStringConvertible {
    public var rows: Int?
    /// Bytes of COPY text.
    public var bytes: Int?

    /// A ceiling; nil where there is none.
    public init(rows: Int?, bytes: Int?) {
        self.rows = rows
        self.bytes = bytes
    }

    /// How long so much takes at this rate, in seconds.
    public func seconds(rows: Int, bytes: Int) -> Double {
        max(self.rows.map { Double(rows) / Double($0) } ?? 0, self.bytes.map { Double(bytes) / Double($0) } ?? 0)
    }

    public var description: String {
        [rows.map { "\($0) rows/s" }, bytes.map { "\(ByteText.text(Double($0)))/s" }].compactMap { $0 }
            .joined(separator: ", ")
    }
}

/// A time of the day in which the rate has a ceiling.
public struct RateWindow: Hashable, Sendable {
    /// The minute of the day at which it begins, 0 to 1439.
    public let from: Int
    /// The minute of the day at which it ends, 1 to 1440. Not after `from`: it goes on over midnight.
    public let to: Int
    public let ceiling: RateCeiling

    /// A window.
    public init(from: Int, to: Int, ceiling: RateCeiling) {
        self.from = from
        self.to = to
        self.ceiling = ceiling
    }

    /// Whether a minute of the day is in it.
    public func contains(_ minute: Int) -> Bool {
        from < to ? (from..<to).contains(minute) : minute >= from || minute < to
    }
}
