internal import ChangeEvents
internal import LibPQ
internal import Model
internal import Playbook

/// The events of one entity in a lane's batch: decoded, reduced, and written as the stage wants them.
final class EntityBatch {
    let entity: CompiledEntity
    let rows: RowBatch
    let decoder: EventDecoder
    /// Whether rows are carried over when their keys change.
    let movesRows: Bool
    private(set) var reducer: ImageReducer
    private let sorter: KeySorter
    /// The masks of the images' shapes.
    let shapes: ShapeNumbers
    private var finals: [Int32] = []

    /// What the stage was given.
    struct Staged {
        /// Masks of the images to be written.
        var masks: Set<Int32> = []
        /// Whether there are deletes.
        var hasDeletes = false
        /// The rows that are halves of key changes whose target rows are carried over.
        var moves: [Int] = []
    }

    init(entity: CompiledEntity, modes: ConnectorModes, shapes: ShapeNumbers) {
        self.entity = entity
        self.shapes = shapes
        rows = RowBatch(columnCount: entity.sourceColumns.count, keepsBefore: entity.mayBeShared)
        decoder = EventDecoder(columns: entity.sourceColumns, modes: modes, table: entity.source)
        movesRows = entity.movesRows
        reducer = ImageReducer(
            columnCount: entity.sourceColumns.count, keyColumns: entity.sourceKey, movesRows: movesRows)
        sorter = KeySorter(keyColumns: entity.sourceKey, columns: entity.sourceColumns)
    }

    /// Whether nothing was taken.
    var isEmpty: Bool { reducer.images.isEmpty }

    /// Forgets the batch and keeps its memory.
    func removeAll() {
        rows.removeAll()
        reducer.removeAll()
    }

    /// Takes the row that was decoded last.
    func reduce(_ row: Int) -> ImageReducer.Addition {
        let addition = reducer.add(row, of: rows)
        if addition == .barrier { rows.removeLastRow() }
        return addition
    }

    /// The final images in the order of their keys, `keep` deciding which.
    func finalImages(where keep: (Int) -> Bool = { _ in true }) -> [Int32] {
        finals.removeAll(keepingCapacity: true)
        for (row, image) in reducer.images.enumerated() where !image.isSuperseded && keep(row) {
            finals.append(Int32(row))
        }
        sorter.sort(&finals, of: rows)
        return finals
    }

    /// Some images in the order of their keys.
    func sorted(_ images: [Int32]) -> [Int32] {
        var images = images
        sorter.sort(&images, of: rows)
        return images
    }

    /// Writes images in COPY's text format: the source's columns, then the stage's control columns.
    ///
    /// - Parameters:
    ///   - images: rows of the batch.
    ///   - replacingFresh: whether a fresh image is written twice, first as a delete of what is there, which counts
    ///     for no partition.
    ///   - buffer: where they go.
    func stage(_ images: [Int32], replacingFresh: Bool, into buffer: CopyBuffer) -> Staged {
        var staged = Staged()
        for image in images {
            let row = Int(image)
            let header = rows.header(row)
            let fate = reducer.images[row]
            if header.operation == .delete {
                staged.hasDeletes = true
                write(row, header, operation: 0x64, mask: 0, header.partitionIndex, buffer)
                continue
            }
            if fate.isFresh && replacingFresh {
                staged.hasDeletes = true
                write(row, header, operation: 0x64, mask: 0, -1, buffer)
            }
            let mask = mask(of: row)
            staged.masks.insert(mask)
            write(row, header, operation: 0x75, mask: mask, header.partitionIndex, buffer)
        }
        staged.moves = reducer.keyChanges
        if !staged.moves.isEmpty, images.count < reducer.images.count {
            let taken = Set(images)
            staged.moves.removeAll { !taken.contains(Int32(reducer.finalRow(of: $0, in: rows))) }
        }
        return staged
    }

    /// Images as skipped, by partition.
    func count(_ images: [Int32], as reason: SkipReason) -> [SkippedImages] {
        var counts: [Int32: Int] = [:]
        for image in images { counts[rows.header(Int(image)).partitionIndex, default: 0] += 1 }
        return counts.map { SkippedImages(partitionIndex: Int($0.key), reason: reason, count: $0.value) }
    }

    /// Whether an event stands before a position in the source's log.
    func hasEvents(before position: SourcePosition) -> Bool {
        (0..<rows.rowCount).contains { rows.header($0).position.map { $0 < position } ?? false }
    }

    /// The rows that bear the key of a final image, in order.
    func rowsOfKey(of image: Int) -> [Int] {
        (0..<rows.rowCount).filter { rows.isEqual($0, image, columns: entity.sourceKey) }
    }

    /// The source key of a row as text, one per key column.
    func key(of row: Int) -> [String] { entity.sourceKey.map { rows.text(of: rows.span(row, $0)) ?? "" } }

    private func write(
        _ row: Int, _ header: RowHeader, operation: UInt8, mask: Int32, _ partition: Int32, _ buffer: CopyBuffer
    ) {
        for column in 0..<rows.columnCount {
            let span = rows.span(row, column)
            if span.presence == .value {
                buffer.append(rows.bytes(of: span))
            } else {
                buffer.appendNull()
            }
            buffer.append(0x09)
        }
        buffer.appendControl(
            operation: operation, mask: mask, transaction: header.transaction, sequence: row, partition: partition)
    }

    private func mask(of row: Int) -> Int32 {
        var missing = false
        for column in 0..<rows.columnCount where rows.span(row, column).presence != .value {
            if rows.span(row, column).presence != .null { missing = true }
        }
        guard missing else { return 0 }
        var shape = RowShape(present: ColumnSet(), isPartial: false, isArrival: false)
        for column in 0..<rows.columnCount {
            switch rows.span(row, column).presence {
            case .value, .null: shape.present.insert(column)
            case .unavailable: shape.isPartial = true
            case .absent: break
            }
        }
        shape.isArrival = shape.isPartial && reducer.images[row].arrival >= 0
        return shapes.number(of: shape)
    }
}
