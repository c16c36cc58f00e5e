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
    /// Deletes are done first, children before parents, so that no row is taken for one that clashes with a row that
    /// goes; those that are still pointed at, and those that would take other rows with them, wait until the images are
    /// written, parents before children.
    func apply(_ taken: [Int], of batch: LaneBatch, _ outcome: inout ApplyOutcome) throws {
        let started = taken.filter { !entities[$0].scopes.isPending }
        for index in taken where entities[index].scopes.isPending {
            outcome.skipped += batch.entities[index].count(batch.entities[index].finalImages(), as: .pending)
        }
        var postponed: [Int: [Int32]] = [:]
        for index in started.reversed() {
            let rows = batch.entities[index]
            let deletes = rows.finalImages { rows.rows.header($0).operation == .delete }
            if !session.isReplica, try entities[index].hasCascades() {
                postponed[index] = deletes
            } else {
                try apply(deletes[...], index, rows, &outcome) { image, _ in
                    postponed[index, default: []].append(image)
                }
            }
        }
        for index in started {
            let rows = batch.entities[index]
            let images = rows.finalImages { rows.rows.header($0).operation != .delete }
            try rejecting(images, index, rows, &outcome)
        }
        for index in started.reversed() {
            if let deletes = postponed[index] { try rejecting(deletes, index, batch.entities[index], &outcome) }
        }
    }

    private func rejecting(
        _ images: [Int32], _ index: Int, _ batch: EntityBatch, _ outcome: inout ApplyOutcome
    ) throws {
        var rejected: [(image: Int32, error: any Error)] = []
        var clashing: [Int32] = []
        try apply(images[...], index, batch, &outcome) { image, error in
            if reason(of: error) == "conflict" { clashing.append(image) } else { rejected.append((image, error)) }
        }
        // Halving may have parted rows that pass a value on to each other.
        clashing = batch.sorted(clashing)
        try apply(clashing[...], index, batch, &outcome) { rejected.append(($0, $1)) }
        for (image, error) in rejected { outcome.reject(Int(image), of: index, batch, error) }
    }

    private func apply(
        _ images: ArraySlice<Int32>, _ index: Int, _ batch: EntityBatch, untangles: Bool = false,
        _ outcome: inout ApplyOutcome, refused: (Int32, any Error) -> Void
    ) throws {
        guard !images.isEmpty else { return }
        let applier = entities[index]
        do {
            try connection.execute("SAVEPOINT half")
            let written = try write(Array(images), applier, batch, untangles: untangles)
            try connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            try applier.clearStage()
            try connection.execute("RELEASE SAVEPOINT half")
            outcome.add(written, of: index, batch)
        } catch  where isRejection(error) {
            try connection.execute("ROLLBACK TO SAVEPOINT half; RELEASE SAVEPOINT half")
            applier.rolledBack()
            if !untangles, reason(of: error) == "conflict" {
                return try apply(images, index, batch, untangles: true, &outcome, refused: refused)
            }
            let found = try applier.culprits(of: error, Array(images), of: batch)
            if !found.isEmpty {
                for image in images { if let error = found[image] { refused(image, error) } }
                let others = images.filter { found[$0] == nil }
                return try apply(others[...], index, batch, untangles: untangles, &outcome, refused: refused)
            }
            if images.count == 1 { return refused(images[images.startIndex], error) }
            let middle = images.startIndex + images.count / 2
            try apply(images[..<middle], index, batch, untangles: untangles, &outcome, refused: refused)
            try apply(images[middle...], index, batch, untangles: untangles, &outcome, refused: refused)
        } catch  where ErrorClass(error) == .stopEntity {
            throw EntityFailure(entity: index, cause: error)
        }
    }

    private func write(
        _ images: [Int32], _ applier: EntityApplier, _ batch: EntityBatch, untangles: Bool
    ) throws -> StageOutcome {
        let deletesFirst = session.isReplica
        var outcome = try applier.stage(images, of: batch, deletesFirst: deletesFirst)
        if deletesFirst { try applier.delete(afterWriting: false) }
        let written = try applier.write(
            of: batch, deletesFirst: deletesFirst, untangles: untangles, reader: reader)
        outcome.skipped += written.skipped
        outcome.refused += written.refused
        outcome.defects = written.defects
        if !deletesFirst { try applier.delete(afterWriting: true) }
        try applier.flush()
        return outcome
    }
}
