import Ledger
import LibPQ
import Model
import Playbook

/// Works off an entity's re-read list before the seal: rows that an event could not make whole, and rows whose
/// constraints had to wait for others.
///
/// Each round is a small chunk of exact keys with a snapshot of its own, so it obeys the same rule: a key touched by a
/// transaction that the snapshot does not see is left for the next round.
struct RereadPass {
    let entity: LoadingEntity
    let target: TargetSession
    let source: SourceSession
    let options: LoadOptions
    let types: [String]

    private static let keysPerRound = 500
    private static let rounds = 20

    /// Reads and writes until the list is empty.
    ///
    /// Rows that still violate a constraint when rounds bring nothing more are quarantined.
    func run() throws {
        var fruitless = 0
        let rereads = Rereads(on: target.connection)
        while true {
            let left = try rereads.count(entity.id)
            if left == 0 { return }
            if options.shouldStop() { throw BaselineError(.stopped, "stopped while reading rows again") }
            try round(isLast: fruitless >= 3)
            if try rereads.count(entity.id) < left {
                fruitless = 0
                continue
            }
            fruitless += 1
            guard fruitless < Self.rounds else {
                throw BaselineError(.unwritten, "\(left) rows of \(entity.name) change faster than they can be read")
            }
            try source.connection.query("SELECT pg_sleep(0.1)")
        }
    }

    private func round(isLast: Bool) throws {
        let connection = target.connection
        let statements = entity.entity.statements
        let keys = try Rereads(on: connection).find(entity.id, limit: Self.keysPerRound)
        try connection.execute(statements.createStage)
        try connection.execute(entity.sql.createNewer)
        try source.reading { snapshot in
            try connection.transaction {
                _ = try CopyPipe.copy(
                    entity.sql.select(keys: keys), on: source.connection, into: entity.sql.stageTable, on: connection)
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
                    """, [.array(keys.map { RereadPass.literal($0) }), .text(snapshot.description)])
                let writer = StageWriter(
                    entity: entity, target: target, origin: "baseline/\(entity.wave)", postponesViolations: !isLast)
                let aside = try writer.write()
                if aside > 0 { options.report(.quarantined(entity.name, rows: aside)) }
            }
        }
    }

    private static func literal(_ key: [String]) -> String {
        guard case .text(let text) = Parameter.array(key) else { return "{}" }
        return text
    }
}
