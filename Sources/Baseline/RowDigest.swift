/// A sum of a 64-bit hash of each row's bytes: the same rows in any order give the same digest.
struct RowDigest {
    private(set) var value: UInt64 = 0

    /// Adds the rows of a buffer of whole rows of COPY text, each of which ends with a line feed.
    mutating func add(rows buffer: UnsafeRawBufferPointer) {
        var start = 0
        while start < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
            let length = rest.firstIndex(of: 0x0A).map { $0 + 1 } ?? rest.count
            add(UnsafeRawBufferPointer(rebasing: rest[..<length]))
            start += length
        }
    }

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
