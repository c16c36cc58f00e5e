internal import ChangeEvents

/// Finds the newest row of a key among the rows of one batch: open addressing over row numbers, keys stay in the arena.
struct KeyIndex {
    private let keyColumns: [Int]
    private var slots = [Int32](repeating: -1, count: 1024)
    private var count = 0

    /// An index over the given columns.
    init(keyColumns: [Int]) { self.keyColumns = keyColumns }

    /// Forgets all rows and keeps its memory.
    mutating func removeAll() {
        guard count > 0 else { return }
        count = 0
        for slot in slots.indices { slots[slot] = -1 }
    }

    /// Makes `row` the newest of its key.
    ///
    /// - Returns: the row that was the newest so far, nil for a key not seen.
    mutating func replace(with row: Int, in batch: RowBatch) -> Int? {
        if count * 2 >= slots.count { grow(batch) }
        let slot = slot(of: row, in: batch)
        let other = slots[slot]
        slots[slot] = Int32(row)
        if other >= 0 { return Int(other) }
        count += 1
        return nil
    }

    /// The newest row of a row's key.
    func newest(of row: Int, in batch: RowBatch) -> Int? {
        let row = slots[slot(of: row, in: batch)]
        return row < 0 ? nil : Int(row)
    }

    /// The slot that holds the row's key, or the free one where it belongs.
    private func slot(of row: Int, in batch: RowBatch) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: batch.hash(row, columns: keyColumns)) & mask
        while slots[slot] >= 0, !batch.isEqual(row, Int(slots[slot]), columns: keyColumns) { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow(_ batch: RowBatch) {
        let rows = slots.filter { $0 >= 0 }
        slots = Array(repeating: -1, count: slots.count * 2)
        for row in rows { slots[slot(of: Int(row), in: batch)] = row }
    }
}
