import ChangeEvents
import Ledger
import LibPQ
import Model
import Playbook
import Sync

/// Writes staged rows into the target table, and sets aside those that it will not take, one by one.
struct StageWriter {
    let entity: LoadingEntity
    let target: TargetSession
    /// What stands in the quarantine for the topic.
    let origin: String
    /// The source columns that staged rows have; nil: all of them.
    var present: ColumnSet?
    /// Whether rows that violate a constraint are to be tried again at the end of the load, when the rows that they
    /// miss or clash with may have come or gone.
    var postponesViolations = true

    var connection: Connection { target.connection }
    var statements: EntityStatements { entity.entity.statements }
    private var manifest: ManifestSQL { ManifestSQL(entity: entity) }

    /// Writes what is in the stage, but for the rows that are set aside, which are no longer there then.
    ///
    /// - Returns: how many rows were set aside for good.
    func write() throws -> Int {
        let defects = try setDefectsAside()
        let aside = try writeRest()
        let all = defects.merging(try corrected(), uniquingKeysWith: +)
        try DefectCounts(on: connection).add(all, of: entity.id, from: .baseline)
        return aside + defects.values.reduce(0, +)
    }

    private func writeRest() throws -> Int {
        var aside = 0
        let upsert = try Upsert(entity, present: present, ownership: target.ownership(of: entity.entity))
        try connection.query(manifest.keepOverwritten)
        guard let error = try attempt(upsert, mask: 0) else { return aside }
        let count = try number()
        if error.sqlState == .foreignKeyViolation {
            aside += try setOrphansAside()
            if try attempt(upsert, mask: 0) == nil { return aside }
        }
        return try aside + isolate(upsert, count)
    }

    /// Writes the rows of a mask under a savepoint.
    ///
    /// - Returns: what is wrong with one of the rows; nil when they are written.
    private func attempt(_ upsert: Upsert, mask: Int) throws -> PostgresError? {
        try connection.execute("SAVEPOINT attempt")
        do {
            for statement in upsert.statements(mask: mask) { try connection.query(statement.sql, statement.parameters) }
            try connection.query(manifest.noteStaged(mask: mask, upsert.ownership))
            try connection.execute("RELEASE SAVEPOINT attempt")
            return nil
        } catch {
            guard connection.isAlive, ["22", "23"].contains(error.sqlState?.classCode) else { throw error }
            try connection.execute("ROLLBACK TO SAVEPOINT attempt")
            return error
        }
    }

    // MARK: Bad rows

    /// Numbers the staged rows.
    ///
    /// - Returns: how many there are.
    @discardableResult
    func number() throws -> Int {
        try connection.query(
            """
            WITH numbered AS (SELECT ctid AS place, row_number() OVER () AS number FROM \(statements.stage))
            UPDATE \(statements.stage) AS s SET "_seq" = numbered.number FROM numbered WHERE s.ctid = numbered.place
            """
        ).affectedRows
    }

    /// Sets aside the numbered rows that miss a parent, and the rows beside them that point at those.
    private func setOrphansAside() throws -> Int {
        let search = MissingParents(
            entity.entity, on: connection, present: present ?? entity.entity.allColumns)
        return try setOrphansAside(search.find(countingStage: true))
    }

    /// Sets aside rows that miss a parent.
    func setOrphansAside(_ orphans: [MissingParents.Orphan]) throws -> Int {
        try setAside(
            "\(statements.alias).\"_seq\" = ANY ('{\(orphans.map { "\($0.row)" }.joined(separator: ","))}')",
            reason: "missing-parent", .foreignKeyViolation, message: "a row that it points at is not there", orphans)
    }

    /// Finds the rows that cannot be written by halving, writes the others, and sets those aside.
    private func isolate(_ upsert: Upsert, _ count: Int) throws -> Int {
        var mask = 0
        var aside = 0
        var parts = [1...max(count, 1)]
        while let part = parts.popLast() {
            mask += 1
            try connection.query(
                "UPDATE \(statements.stage) SET \"_mask\" = $1 WHERE \"_seq\" BETWEEN $2 AND $3",
                [.int(mask), .int(part.lowerBound), .int(part.upperBound)])
            guard let error = try attempt(upsert, mask: mask) else { continue }
            if part.count > 1 {
                let middle = (part.lowerBound + part.upperBound) / 2
                parts.append(middle + 1...part.upperBound)
                parts.append(part.lowerBound...middle)
            } else {
                aside += try setAside(
                    "\(statements.alias).\"_mask\" = \(mask)", reason: reason(of: error), error.sqlState,
                    message: error.redactedMessage)
            }
        }
        return aside
    }

    private func reason(of error: PostgresError) -> String {
        switch error.sqlState {
        case SQLState.foreignKeyViolation: "missing-parent"
        case SQLState.uniqueViolation: "conflict"
        default: "rejected"
        }
    }

    /// Takes rows out of the stage: to be tried again at the end, or into the quarantine.
    private func setAside(
        _ predicate: String, reason: String, _ sqlState: SQLState?, message: String,
        _ orphans: [MissingParents.Orphan] = []
    ) throws -> Int {
        let final: [SQLState] = [.notNullViolation, .checkViolation]
        let mayPass = sqlState.map { $0.classCode == "23" && !final.contains($0) } ?? false
        var aside = 0
        if postponesViolations, mayPass {
            try connection.query(
                """
                INSERT INTO tidegate.reread (entity_id, key, reason)
                SELECT \(entity.id), \(statements.sourceKeyText), $1 FROM \(statements.rawStage) WHERE \(predicate)
                ON CONFLICT (entity_id, key) DO NOTHING
                """, [.text(sqlState?.rawValue ?? "23000")])
        } else {
            aside = try quarantine(
                predicate, reason: reason, sqlState: sqlState?.rawValue, message: message, orphans)
        }
        try connection.query("DELETE FROM \(statements.rawStage) WHERE \(predicate)")
        return aside
    }
}
