/// A set of source columns by their place in `CompiledEntity.sourceColumns`.
public struct ColumnSet: Hashable, Sendable {
    // Columns 0 to 63 are kept apart so that tables of common width need no allocation.
    private var low: UInt64 = 0
    private var high: [UInt64] = []

    /// No column.
    public init() {}

    /// The columns named.
    public init(_ columns: some Sequence<Int>) {
        for column in columns { insert(column) }
    }

    /// The first `count` columns: all of an entity's.
    public init(all count: Int) {
        self.init(0..<count)
    }

    /// Whether `column` is in the set.
    public func contains(_ column: Int) -> Bool {
        if column < 64 { return low >> UInt64(column) & 1 == 1 }
        let word = column / 64 - 1
        return word < high.count && high[word] >> UInt64(column % 64) & 1 == 1
    }

    /// Adds `column`.
    public mutating func insert(_ column: Int) {
        if column < 64 {
            low |= 1 << UInt64(column)
            return
        }
        let word = column / 64 - 1
        while high.count <= word { high.append(0) }
        high[word] |= 1 << UInt64(column % 64)
    }

    /// Takes `column` out.
    public mutating func remove(_ column: Int) {
        if column < 64 {
            low &= ~(1 << UInt64(column))
            return
        }
        let word = column / 64 - 1
        guard word < high.count else { return }
        high[word] &= ~(1 << UInt64(column % 64))
        while high.last == 0 { high.removeLast() }
    }

    /// Adds the columns of `other`.
    public mutating func formUnion(_ other: ColumnSet) {
        low |= other.low
        while high.count < other.high.count { high.append(0) }
        for (index, word) in other.high.enumerated() { high[index] |= word }
    }

    /// Whether every column of this set is in `other`.
    public func isSubset(of other: ColumnSet) -> Bool {
        guard low & ~other.low == 0 else { return false }
        for (index, word) in high.enumerated() {
            let against = index < other.high.count ? other.high[index] : 0
            guard word & ~against == 0 else { return false }
        }
        return true
    }

    /// Whether there is no column in it.
    public var isEmpty: Bool { low == 0 && high.isEmpty }

    /// The columns, ascending.
    public var columns: [Int] { (0..<(64 * (high.count + 1))).filter(contains) }
}
