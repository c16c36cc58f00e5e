import Ledger
import LibPQ
import Model
import Playbook
import Sync

/// Works off the re-read list of an entity, or of entities that point at each other, before the seal: rows whose constraints
/// had to wait for others.
///
/// Each round is a small chunk of exact keys with a snapshot of its own, so it obeys the same rule: a key touched by a
/// transaction that the snapshot does not see is left for the next round.
struct RereadPass {
    let entities: [LoadingEntity]
    let target: TargetSession
    let source: SourceSession
    let options: LoadOptions

    private static let keysPerRound = 500
    /// How often the list is gone through without a row less on it: before what is left is set aside, and at most.
    private static let passes = (last: 3, most: 20)

    /// Reads and writes until the list is empty.
    ///
    /// Rows that still violate a constraint when rounds bring nothing more are quarantined.
    func run() throws {
        var fruitless = 0
        var isLast = false
        while true {
            let left = try count()
            if left == 0 { return }
            if options.shouldStop() { throw BaselineError(.stopped, "stopped while reading rows again") }
            if isLast, !target.isReplica {
                try roundOfAll()
            } else {
                for entity in entities { try round(entity, isLast: isLast) }
            }
            if try count() < left {
                fruitless = 0
                continue
            }
            fruitless += 1
            let pass = left / Self.keysPerRound + 1
            isLast = isLast || fruitless >= Self.passes.last * pass
            guard fruitless < Self.passes.most * pass else {
                let names = entities.map(\.name.rawValue).joined(separator: ", ")
                throw BaselineError(.unwritten, "\(left) rows of \(names) change faster than they can be read")
            }
            try source.connection.query("SELECT pg_sleep(0.1)")
        }
    }

    private func count() throws -> Int {
        let rereads = Rereads(on: target.connection)
        return try entities.reduce(0) { try $0 + rereads.count($1.id) }
    }

    // MARK: Rounds

    private func round(_ entity: LoadingEntity, isLast: Bool) throws {
        let keys = try Rereads(on: target.connection).find(entity.id, limit: Self.keysPerRound)
        if keys.isEmpty { return }
        try reading([(entity, keys)], .atOnce) {
            let aside = try writer(entity, postponesViolations: !isLast).write()
            if aside > 0 { options.report(.quarantined(entity.name, rows: aside)) }
        }
    }

    /// The last round where foreign keys hold: everything that is left, in one transaction and with checks at its end as far
    /// as the target's constraints allow, for rows that point at each other in a circle. Those that miss a parent even so are
    /// set aside.
    private func roundOfAll() throws {
        let rereads = Rereads(on: target.connection)
        let lists = try entities.map { ($0, try rereads.find($0.id, limit: .max)) }
        try reading(lists, .later) {
            let writers = try inOrder().map { writer($0, postponesViolations: false) }
            for writer in writers { try writer.number() }
            var orphans: [[MissingParents.Orphan]] = []
            var aside = 0
            repeat {
                try target.connection.execute("SAVEPOINT together")
                let rejected = try writers.reduce(0) { try $0 + $1.write() }
                // What was written because its parent was going to be, and the parent was set aside.
                orphans = try writers.map { writer in
                    try missingParents(writer.entity).find(countingStage: false)
                }
                if orphans.allSatisfy(\.isEmpty) {
                    aside += rejected
                } else {
                    try target.connection.execute("ROLLBACK TO SAVEPOINT together")
                    for (writer, rows) in zip(writers, orphans) where !rows.isEmpty {
                        aside += try writer.setOrphansAside(rows)
                    }
                }
            } while !orphans.allSatisfy(\.isEmpty)
            try target.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            if aside > 0, let first = entities.first { options.report(.quarantined(first.name, rows: aside)) }
        }
    }

    /// The entities so that as few as can be need a row of a later one at once.
    private func inOrder() throws -> [LoadingEntity] {
        var left = try entities.map { (entity: $0, parents: try missingParents($0).firmParents()) }
        var order: [LoadingEntity] = []
        while !left.isEmpty {
            let place = left.firstIndex { candidate in
                !left.contains {
                    $0.entity.name != candidate.entity.name && candidate.parents.contains($0.entity.entity.target)
                }
            }
            order.append(left.remove(at: place ?? 0).entity)
        }
        return order
    }

    private func missingParents(_ entity: LoadingEntity) -> MissingParents {
        MissingParents(entity.entity, on: target.connection, present: entity.entity.allColumns)
    }

    private func writer(_ entity: LoadingEntity, postponesViolations: Bool) -> StageWriter {
        StageWriter(
            entity: entity, target: target, origin: "baseline/\(entity.wave)", postponesViolations: postponesViolations)
    }

    // MARK: Reading

    /// Runs `body` with the rows of some keys in the stages, taken off the list.
    private func reading(
        _ lists: [(entity: LoadingEntity, keys: [[String]])], _ checks: TargetSession.Checks, _ body: () throws -> Void
    ) throws {
        for (entity, _) in lists {
            try target.connection.execute(entity.entity.statements.createStage)
            try target.connection.execute(entity.sql.createNewer)
        }
        try source.reading { snapshot in
            try target.transaction(checks) {
                for (entity, keys) in lists {
                    for start in stride(from: 0, to: keys.count, by: Self.keysPerRound) {
                        let part = Array(keys[start..<min(start + Self.keysPerRound, keys.count)])
                        _ = try CopyPipe.copy(
                            entity.sql.select(keys: part), on: source.connection, into: entity.sql.stageTable,
                            on: target.connection)
                    }
                }
                for (entity, keys) in lists.sorted(by: { $0.entity.id < $1.entity.id }) {
                    try takeOff(entity, keys, snapshot)
                }
                try body()
            }
        }
    }

    /// Takes what the snapshot has read off the list, under the entity's lock, and what it cannot have seen out of the
    /// stage.
    private func takeOff(_ entity: LoadingEntity, _ keys: [[String]], _ snapshot: TransactionSnapshot) throws {
        let connection = target.connection
        let types = try connection.query(entity.sql.newerTypes).rows.compactMap { $0[0] }
        try connection.execute(entity.id.lock(.merge))
        try connection.query(entity.sql.fillNewer(types: types), [.text(snapshot.description)])
        // What the stream has brought without saying when is newer than any snapshot.
        try connection.query(
            """
            DELETE FROM tidegate.reread AS r USING tidegate.touched AS t
            WHERE r.entity_id = \(entity.id) AND t.entity_id = r.entity_id AND t.key = r.key AND t.xid IS NULL
            """)
        try connection.query(entity.sql.dropNewer)
        try connection.query(
            """
            DELETE FROM tidegate.reread AS r WHERE r.entity_id = \(entity.id)
                AND r.key IN (SELECT k::text[] FROM unnest($1::text[]) AS u (k))
                AND NOT EXISTS (SELECT FROM \(entity.sql.newer) AS n WHERE n.key = r.key)
                AND coalesce(tidegate.sees($2::pg_snapshot, r.xid), true)
            """, [.array(keys.map { PostgresArray.literal($0) }), .text(snapshot.description)])
    }
}
