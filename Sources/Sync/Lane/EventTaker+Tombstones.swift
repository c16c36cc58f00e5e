internal import ChangeEvents
internal import Model
internal import RDKafka

extension EventTaker {
    /// Takes a null value. After the delete of its key it is for compaction only. Without one, in a compacted topic or from a
    /// connector that sends nothing else, it is the delete, if the source no longer has the key.
    func takeTombstone(_ message: borrowing Message, _ origin: Origin, _ entity: EntityBatch) -> Outcome {
        if let last = lastDeletes[origin.place], last.key == Self.hash(message.key),
            batch.partitions[origin.place]?.nextOffset == last.offset + 1
        {
            return skip(.tombstone, message, origin)
        }
        guard let tombstones, let key = message.key, let row = try? entity.decoder.decodeKey(key, into: entity.rows)
        else { return skip(.loneTombstone, message, origin) }
        do {
            guard try tombstones.isGone(entity.key(of: row), of: entity.entity) else {
                entity.rows.removeLastRow()
                return skip(.loneTombstone, message, origin)
            }
        } catch {
            entity.rows.removeLastRow()
            return .untold(error)
        }
        entity.rows.setHeader(
            row,
            RowHeader(operation: .delete, partitionIndex: Int32(origin.place), offset: message.offset))
        return reduce(row, message, origin, entity)
    }

    static func hash(_ bytes: UnsafeRawBufferPointer?) -> Int {
        var hasher = Hasher()
        if let bytes { hasher.combine(bytes: bytes) }
        return hasher.finalize()
    }
}
