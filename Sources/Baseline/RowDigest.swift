/// A sum of a 64-bit hash of each row's bytes: the same rows in any order give the same digest.
struct RowDigest {
    private(set) var value: UInt64 = 0

    /// Adds one row.
    mutating func add(_ row: UnsafeRawBufferPointer) {
        var hash = UInt64(truncatingIfNeeded: row.count) &* 0x9E37_79B9_7F4A_7C15
        var place = 0
        while place + 8 <= row.count {
            let word = row.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash >> 32
            place += 8
        }
        var tail: UInt64 = 0
        while place < row.count {
            tail = tail << 8 | UInt64(row[place])
            place += 1
        }
        hash = (hash ^ tail) &* 0xC4CE_B9FE_1A85_EC53
        hash ^= hash >> 29
        value &+= hash
    }
}
