import Ledger
import LibPQ
import Model
import Playbook

/// Makes the target's rows of a chunk's range what the chunk's snapshot saw, but for the keys to be left alone. The
/// stage is filled, the entity's lock held, and the source's transaction still open in the chunk's snapshot.
///
/// `Handover.merge` says the same for one key.
struct ChunkMerge {
    let entity: LoadingEntity
    let chunk: Chunk
    let target: TargetSession
    let source: SourceSession
    /// The types of the source key's columns in the stage.
    let types: [String]

    private var connection: Connection { target.connection }
    private static let keysPerRead = 500

    /// Merges.
    ///
    /// - Returns: how many rows were set aside.
    func run() throws -> Int {
        try connection.query(entity.sql.dropNewer)
        if entity.handover == .snapshot { try settleOthers() }
        return try StageWriter(entity: entity, target: target, origin: "baseline/\(entity.wave)").write()
    }

    /// Rows that are in the target's range and not in the chunk: each is looked for on the source, by its key and in
    /// the chunk's snapshot. What is there has left the scope, and is kept as the snapshot has it; what is not, goes.
    private func settleOthers() throws {
        let found = try connection.query(
            entity.sql.missingFromChunk(chunk.range, target.ownership(of: entity.entity))
        ).rows.compactMap { $0[0] }
        var place = 0
        while place < found.count {
            let part = Array(found[place..<min(place + Self.keysPerRead, found.count)])
            place += part.count
            let keys = part.compactMap { PostgresArray.key($0) }
            _ = try CopyPipe.copy(
                entity.sql.select(keys: keys), on: source.connection, into: entity.sql.stageTable, on: connection)
        }
        // By one statement: they may point at each other. In a load anew `GoneRows` does it, children before parents.
        if !found.isEmpty, !entity.isAgain { try deleteGone(found) }
    }

    private func deleteGone(_ keys: [String]) throws {
        do {
            try connection.query(
                ManifestSQL(entity: entity).keep(where: entity.sql.isGone(types: types), action: "deleted"),
                [.array(keys)])
            try connection.query(entity.sql.deleteGone(types: types), [.array(keys)])
        } catch {
            guard error.sqlState == .foreignKeyViolation else { throw error }
            throw BaselineError(
                .referenced,
                "rows of \(entity.name) that are gone from the source are still pointed at on the target; the stream has "
                    + "to bring what became of those that point. See that sync runs, then run the load again")
        }
    }
}
