internal import ChangeEvents
internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// What was set aside, taken up again.
extension BatchApplier {
    /// Applies the parked events of some keys of an entity in one transaction, piece after piece.
    ///
    /// - Returns: the keys that have no parked event left.
    /// - Throws: a rejection, too, when the target still rejects one of them: nothing has changed then.
    func applyParked(
        _ keys: [ParkedKey], _ entity: Int, _ checkpoints: [TopicPartition: Checkpoint], _ events: ParkedSegments
    ) throws -> Set<[String]> {
        let applier = entities[entity]
        let untangles = keys.contains { $0.events.first?.reason == "conflict" }
        return try inTransaction(entity) {
            let deletesFirst = try session.isReplica || untangles && !applier.hasCascades()
            var applied = Array(repeating: 0, count: events.partitions.count)
            while let rows = events.next(after: applier.scopes.truncated) {
                let images = rows.finalImages()
                for image in images { applied[Int(rows.rows.header(Int(image)).partitionIndex)] += 1 }
                if applier.scopes.isPending || images.isEmpty { continue }
                var outcome = ApplyOutcome()
                try applyImages(
                    [(applier, rows, images)], deletesFirst: deletesFirst, untangles: untangles, &outcome)
                if let rejection = outcome.rejections.first { throw rejection.error }
                try note(outcome, rows: { _ in rows }) { events.partitions[$0] }
                try applier.clearStage()
            }
            if keys.count > 1, let fault = events.fault { throw fault }
            for (place, partition) in events.partitions.enumerated() {
                guard let checkpoint = checkpoints[partition] else { continue }
                try quarantine.resolve(events.taken(place), applied: applied[place], in: checkpoint)
            }
            return try quarantine.free(keys.map(\.key), of: applier.id)
        }
    }

    /// Which of some rejected images are to blame, found in a transaction that leaves nothing.
    func culprits(of rejection: any Error, _ entity: Int, _ rows: EntityBatch) throws -> [[String]: any Error] {
        let applier = entities[entity]
        let found = try inTransaction(entity, ending: "ROLLBACK") {
            try applier.culprits(of: rejection, rows.finalImages(), of: rows)
        }
        return Dictionary(found.map { (rows.key(of: Int($0)), $1) }) { first, _ in first }
    }

    /// Writes rows that a load has set aside, as the source has them now; rows that it no longer has are done with.
    ///
    /// What the stream has brought of their keys since is applied after it. Without a source, and after a person has
    /// edited them, they are written as they are stored, unless the target has a row by now.
    ///
    /// - Returns: whether it was done: not before the wave is live, whose chunks may be older.
    func applyLoaded(_ keys: [ParkedKey], _ entity: Int) throws -> Bool {
        let applier = entities[entity]
        return try inTransaction(entity) {
            guard applier.scopes.loading == nil, !applier.scopes.isPending else { return false }
            try applier.writeLoaded(keys, reader)
            try quarantine.resolve(keys.flatMap(\.events))
            return true
        }
    }

    private func inTransaction<Outcome>(
        _ entity: Int, ending: String = "COMMIT", _ body: () throws -> Outcome
    ) throws -> Outcome {
        let applier = entities[entity]
        try applier.prepareSession()
        do {
            try begin([entity])
            let outcome = try body()
            try connection.execute(ending)
            if ending != "COMMIT" { applier.rolledBack() }
            return outcome
        } catch {
            applier.rolledBack()
            if connection.isAlive { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    // MARK: How many may wait

    /// Stops an entity of which so many rows miss their parents that it is no matter of a row ahead of another.
    func checkWaiting(_ outcome: ApplyOutcome, _ batch: LaneBatch) throws {
        var missing: [Int: (keys: Int, last: any Error)] = [:]
        for rejection in outcome.rejections where reason(of: rejection.error) == "missing-parent" {
            missing[rejection.entity, default: (0, rejection.error)].keys += 1
        }
        for (entity, new) in missing.sorted(by: { $0.key < $1.key }) {
            let applier = entities[entity]
            let waiting = try quarantine.waiting(applier.id, flow: applier.entity.flow)
            guard waiting + new.keys > mostWaiting else { continue }
            let parent = (new.last as? MissingParent)?.parent
            let name = parent.flatMap { parent in entities.first { "\($0.entity.target)" == parent }?.entity.name }
            throw EntityFailure(
                entity: entity,
                cause: SyncError(
                    .tooManyWaiting,
                    """
                    \(waiting) keys of \(applier.entity.name) wait for parents that are not there, and \(new.keys) more would; \
                    the last misses a row of \(parent ?? "another table")\(name.map { " (entity \($0))" } ?? ""): see to it \
                    that these come (is their wave loaded, does their entity go on?), or set limits.waiting_keys higher
                    """))
        }
    }
}
