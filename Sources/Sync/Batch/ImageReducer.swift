internal import ChangeEvents
internal import Model

/// Reduces the events of one entity in one batch to a final image per key, merged column by column.
///
/// Order per key is the order of arrival, which within a partition is the source's. What a later event does not say
/// (absent, or unavailable because unchanged) keeps what an earlier event of the batch said; nothing is merged across
/// a delete, so a row that is deleted and made again does not inherit from its former life.
///
/// A key change is a delete that says where its row went and a create that says where its row came from. The row
/// itself is carried over in the target (see `KeyMoves`), which needs every earlier change of the old key to be there:
/// a delete of that kind after another change of its key asks for a barrier, the batch closes before it.
struct ImageReducer {
    /// What became of a row of the batch.
    struct Image: Equatable {
        /// Whether a later row of the key took its place.
        var isSuperseded = false
        /// Whether the key was deleted earlier in the batch: the target's row under this key is not an ancestor.
        var isFresh = false
        /// The row of the batch under which the image came from another key; -1 when it did not.
        var arrival: Int32 = -1
    }

    private var index: KeyIndex
    private let columnCount: Int
    private let movesRows: Bool
    /// What became of each row added, by row number.
    private(set) var images: [Image] = []
    /// The rows that are halves of key changes, where rows move with their keys.
    private(set) var keyChanges: [Int] = []

    /// A reducer of rows of `columnCount` columns, of which `keyColumns` make the key.
    ///
    /// - Parameter movesRows: whether a row must be carried over when its key changes, because the target has columns
    ///   of its own or events may leave values out.
    init(columnCount: Int, keyColumns: [Int], movesRows: Bool) {
        self.columnCount = columnCount
        self.movesRows = movesRows
        index = KeyIndex(keyColumns: keyColumns)
    }

    /// Forgets the batch and keeps its memory.
    mutating func removeAll() {
        index.removeAll()
        images.removeAll(keepingCapacity: true)
        keyChanges.removeAll(keepingCapacity: true)
    }

    /// The final image of a row's key.
    func finalRow(of row: Int, in batch: RowBatch) -> Int { index.newest(of: row, in: batch) ?? row }

    /// Takes the last row of `batch` in.
    ///
    /// - Returns: the row of the same key that it supersedes, or that the batch must be closed without it first.
    mutating func add(_ row: Int, of batch: RowBatch) -> Addition {
        precondition(row == images.count && row == batch.rowCount - 1, "rows are added in order")
        let header = batch.header(row)
        var image = Image()
        if header.keyChange == .movedFrom { image.arrival = Int32(row) }
        guard let previous = index.replace(with: row, in: batch) else {
            append(image, header)
            return .first
        }
        let wasDelete = batch.header(previous).operation == .delete
        if header.operation == .delete {
            if movesRows, header.keyChange == .movedTo, !wasDelete {
                _ = index.replace(with: previous, in: batch)
                return .barrier
            }
        } else if wasDelete {
            image.isFresh = true
        } else {
            image.isFresh = images[previous].isFresh
            if image.arrival < 0 { image.arrival = images[previous].arrival }
            merge(previous, into: row, batch)
        }
        images[previous].isSuperseded = true
        append(image, header)
        return .supersedes(previous)
    }

    /// What adding a row meant.
    enum Addition: Equatable {
        /// The first row of its key in the batch.
        case first
        /// It takes the place of this row.
        case supersedes(Int)
        /// It was not taken: remove it, apply the batch, and begin the next with it.
        case barrier
    }

    private mutating func append(_ image: Image, _ header: RowHeader) {
        if movesRows, header.keyChange != .none { keyChanges.append(images.count) }
        images.append(image)
    }

    private func merge(_ earlier: Int, into row: Int, _ batch: RowBatch) {
        for column in 0..<columnCount {
            switch batch.span(row, column).presence {
            case .value, .null: break
            case .absent, .unavailable:
                let older = batch.span(earlier, column)
                if older.presence != .absent { batch.setSpan(row, column, older) }
            }
        }
    }
}
