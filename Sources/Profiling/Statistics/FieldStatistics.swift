/// What was counted of a column, or of a field as the mapping makes it.
public struct FieldStatistics: Hashable, Sendable, Codable {
    public let name: String
    public let kind: FieldKind
    /// Rows that were looked at.
    public let rows: Int
    public let nulls: Int
    /// Different values among the rows that were looked at.
    public let distinct: Int
    /// Different values in the whole table as its own statistics guess; nil without any.
    public let distinctInTable: Int?
    /// For numbers and times (seconds since 1970): the least value, nine deciles, the greatest; empty without finite values.
    public let deciles: [Double]
    /// Whether they are rounded so that they tell no row's value.
    public let isRounded: Bool
    /// NaN, infinities.
    public let notFinite: Int
    /// In characters for texts, in bytes as text for others: the least length, nine deciles, the greatest.
    public let lengths: [Double]
    /// For texts: how many are empty, have blanks at an end, control characters, characters beyond ASCII.
    public let empty: Int
    public let padded: Int
    public let control: Int
    public let beyondASCII: Int
    /// For texts: the most frequent forms, letters as `A` or `a`, digits as `9`.
    public var forms: [Count]
    /// The most frequent values, if they were asked for.
    public var values: [Count]

    /// How often something was met.
    public struct Count: Hashable, Sendable, Codable {
        public let text: String
        public let rows: Int
    }

    /// The share of NULLs.
    public var nullShare: Double { rows == 0 ? 0 : Double(nulls) / Double(rows) }

    /// The same without values, and with the bounds of numbers and times rounded outward to about a fiftieth of their range
    /// (times to a day at least), so that no row's value is told.
    public var withoutValues: FieldStatistics {
        guard !isRounded else { return self }
        let step = step
        let bounds = deciles.enumerated().map { index, value in
            (value / step).rounded(index == deciles.count - 1 ? .up : .down) * step
        }
        return FieldStatistics(
            name: name, kind: kind, rows: rows, nulls: nulls, distinct: distinct, distinctInTable: distinctInTable,
            deciles: bounds, isRounded: true, notFinite: notFinite, lengths: lengths, empty: empty, padded: padded,
            control: control, beyondASCII: beyondASCII, forms: forms, values: [])
    }

    private static let day = 86_400.0

    /// What the bounds are multiples of: a power of ten of which the range has ten to a hundred; without a range, the value.
    private var step: Double {
        guard let low = deciles.first, let high = deciles.last else { return 1 }
        let size = high > low ? high - low : abs(high)
        guard size > 0, size.isFinite else { return 1 }
        var step = 1.0
        while step * 100 <= size { step *= 10 }
        while step * 10 > size { step /= 10 }
        return kind == .time ? max(step, Self.day) : step
    }
}
