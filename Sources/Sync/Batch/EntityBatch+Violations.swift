internal import ChangeEvents
internal import Model
internal import Playbook

/// An event by which its side changed what the other side owns.
struct Violation {
    /// The row of the batch that the event is.
    let row: Int
    /// The fields; `*` for the row as a whole.
    let fields: [String]
}

extension EntityBatch {
    /// The columns that an update changed, as far as its old row tells: nothing without REPLICA IDENTITY FULL.
    struct Change {
        let row: Int
        /// The final image of the row's key.
        let final: Int
        let columns: ColumnSet
    }

    /// The updates of some images' keys that changed one of `columns`, made since `began`: what was written before was
    /// written under another epoch, and may have been in order.
    func changes(of columns: ColumnSet, in images: [Int32], since began: LSN) -> [Change] {
        let watched = columns.columns
        guard !watched.isEmpty else { return [] }
        let taken = images.count < reducer.images.count ? Set(images) : nil
        var changes: [Change] = []
        for row in 0..<rows.rowCount {
            let header = rows.header(row)
            guard header.operation == .update, let position = header.position, position.minor >= began.rawValue else {
                continue
            }
            let changed = watched.filter { isChanged(row, $0) }
            guard !changed.isEmpty else { continue }
            let final = reducer.finalRow(of: row, in: rows)
            if taken?.contains(Int32(final)) ?? true {
                changes.append(Change(row: row, final: final, columns: ColumnSet(changed)))
            }
        }
        return changes
    }

    private func isChanged(_ row: Int, _ column: Int) -> Bool {
        let (old, new) = (rows.beforeSpan(row, column), rows.span(row, column))
        switch (old.presence, new.presence) {
        case (.null, .value), (.value, .null): return true
        case (.value, .value):
            return rows.withBytes(of: old) { old in
                rows.withBytes(of: new) { new in !old.elementsEqual(new) }
            }
        default: return false
        }
    }
}
