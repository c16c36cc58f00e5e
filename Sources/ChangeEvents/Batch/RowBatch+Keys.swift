/// Rows by key, for reduction.
extension RowBatch {
    /// A hash of the values of some columns, equal for rows that agree in them.
    ///
    /// Not stable between runs of different versions; meant for a table in memory.
    public func hash(_ row: Int, columns: [Int]) -> UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for column in columns {
            let span = span(row, column)
            state = mixed(state ^ UInt64(span.presence.rawValue) ^ UInt64(UInt32(bitPattern: span.length)) << 8)
            let bytes = sink.view(span.offset, Int(span.length))
            var index = 0
            while index + 8 <= bytes.count {
                state = mixed(state ^ bytes.word(index))
                index += 8
            }
            var rest: UInt64 = 0
            while index < bytes.count {
                rest = rest << 8 | UInt64(bytes[index])
                index += 1
            }
            state = mixed(state ^ rest)
        }
        return state
    }

    /// Whether two rows hold the same bytes, or the same kind of no value, in some columns.
    public func isEqual(_ left: Int, _ right: Int, columns: [Int]) -> Bool {
        for column in columns where !isEqual(span(left, column), span(right, column)) { return false }
        return true
    }

    /// Whether two spans hold the same bytes, or are the same kind of no value.
    public func isEqual(_ left: ValueSpan, _ right: ValueSpan) -> Bool {
        left.presence == right.presence && left.length == right.length
            && sink.view(left.offset, Int(left.length)).equals(sink.view(right.offset, Int(right.length)))
    }
}

@inline(__always)
private func mixed(_ value: UInt64) -> UInt64 {
    var value = value &* 0xFF51_AFD7_ED55_8CCD
    value ^= value >> 32
    value = value &* 0xC4CE_B9FE_1A85_EC53
    return value ^ value >> 29
}
