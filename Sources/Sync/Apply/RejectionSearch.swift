internal import ChangeEvents
internal import LibPQ
internal import Model
internal import Playbook

/// Finds the rows of a batch that the target rejects, by halving under savepoints, and applies the others.
struct RejectionSearch {
    let entities: [EntityApplier]
    let session: TargetSession
    let reader: SourceReader?
    private var connection: Connection { session.connection }

    init(entities: [EntityApplier], session: TargetSession, reader: SourceReader?) {
        self.entities = entities
        self.session = session
        self.reader = reader
    }

    /// Applies the entities' images in the open transaction.
    ///
    /// Without foreign-key checks each entity is written at once; with them all images are written first, parents
    /// before children, and then deletes done, children before parents.
    func apply(_ taken: [Int], of batch: LaneBatch, _ outcome: inout ApplyOutcome) throws {
        for index in taken {
            let rows = batch.entities[index]
            if entities[index].scopes.isPending {
                outcome.skipped += rows.count(rows.finalImages(), as: .pending)
            } else {
                let images = rows.finalImages { session.isReplica || rows.rows.header($0).operation != .delete }
                try apply(images[...], index, rows, &outcome)
            }
        }
        guard !session.isReplica else { return }
        for index in taken.reversed() where !entities[index].scopes.isPending {
            let rows = batch.entities[index]
            let deletes = rows.finalImages { rows.rows.header($0).operation == .delete }
            try apply(deletes[...], index, rows, &outcome)
        }
    }

    private func apply(
        _ images: ArraySlice<Int32>, _ index: Int, _ batch: EntityBatch, _ outcome: inout ApplyOutcome
    ) throws {
        guard !images.isEmpty else { return }
        let applier = entities[index]
        do {
            try connection.execute("SAVEPOINT half")
            var skipped = try applier.stage(Array(images), of: batch, deletesFirst: session.isReplica)
            if session.isReplica { try applier.delete(afterWriting: false) }
            skipped += try applier.write(of: batch, deletesFirst: session.isReplica, reader: reader)
            if !session.isReplica { try applier.delete(afterWriting: true) }
            try applier.flush()
            try connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            try applier.clearStage()
            try connection.execute("RELEASE SAVEPOINT half")
            outcome.skipped += skipped
        } catch  where isRejection(error) {
            try connection.execute("ROLLBACK TO SAVEPOINT half; RELEASE SAVEPOINT half")
            applier.rolledBack()
            if images.count == 1 {
                outcome.reject(Int(images[images.startIndex]), of: index, batch, error)
            } else {
                let middle = images.startIndex + images.count / 2
                try apply(images[..<middle], index, batch, &outcome)
                try apply(images[middle...], index, batch, &outcome)
            }
        }
    }
}
