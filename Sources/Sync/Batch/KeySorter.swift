internal import ChangeEvents
internal import Playbook

/// Puts rows into the order of their keys, so that the target's pages and row locks are taken in one order by all.
///
/// Integer keys are ordered by value, others by the bytes of their text: any order that all lanes share will do.
struct KeySorter {
    private let keyColumns: [Int]
    private let isInteger: Bool

    /// A sorter for an entity's source key.
    init(keyColumns: [Int], columns: [SourceColumn]) {
        self.keyColumns = keyColumns
        let integers: Set = ["int2", "int4", "int8", "oid", "tinyint", "smallint", "mediumint", "int", "bigint"]
        isInteger = keyColumns.count == 1 && integers.contains(columns[keyColumns[0]].type.name)
    }

    /// Sorts row numbers in place.
    func sort(_ rows: inout [Int32], of batch: RowBatch) {
        if isInteger { sortIntegers(&rows, batch) } else { sortBytes(&rows, batch) }
    }

    private func sortIntegers(_ rows: inout [Int32], _ batch: RowBatch) {
        var keyed = rows.map { row in (key: integer(Int(row), batch), row: row) }
        if zip(keyed, keyed.dropFirst()).allSatisfy({ $0.key <= $1.key }) { return }
        keyed.sort { $0.key < $1.key }
        for place in keyed.indices { rows[place] = keyed[place].row }
    }

    private func integer(_ row: Int, _ batch: RowBatch) -> Int64 {
        let bytes = batch.bytes(of: batch.span(row, keyColumns[0]))
        // Downwards from zero: the smallest number has no positive counterpart.
        var value: Int64 = 0
        for byte in bytes where byte &- 0x30 < 10 { value = value &* 10 &- Int64(byte &- 0x30) }
        return bytes.first == 0x2D ? value : 0 &- value
    }

    private func sortBytes(_ rows: inout [Int32], _ batch: RowBatch) {
        rows.sort { left, right in
            for column in keyColumns {
                let first = batch.bytes(of: batch.span(Int(left), column))
                let second = batch.bytes(of: batch.span(Int(right), column))
                if first.elementsEqual(second) { continue }
                return first.lexicographicallyPrecedes(second)
            }
            return false
        }
    }
}
