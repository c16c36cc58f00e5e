import Ledger
import LibPQ
import Model
import Playbook

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

    private var connection: Connection { target.connection }
    private var statements: EntityStatements { entity.entity.statements }

    /// Writes what is in the stage.
    ///
    /// - Returns: how many rows were set aside.
    func write() throws -> Int {
        var aside = try setDefectsAside()
        guard let upsert = statements.upsert(present: present ?? entity.entity.allColumns) else {
            throw BaselineError(.source, "the key of \(entity.name) cannot be made from the source's columns")
        }
        do {
            try attempt(upsert, mask: 0)
        } catch let error as PostgresError where Self.isAboutRows(error) {
            aside += try isolate(upsert)
        }
        return aside
    }

    private static func isAboutRows(_ error: PostgresError) -> Bool {
        ["22", "23"].contains(error.sqlState?.classCode)
    }

    /// Writes the rows of a mask under a savepoint.
    private func attempt(_ upsert: String, mask: Int) throws {
        try connection.execute("SAVEPOINT attempt")
        do {
            try connection.query(upsert, [.int(mask)])
            try connection.execute("RELEASE SAVEPOINT attempt")
        } catch {
            if connection.isAlive { try connection.execute("ROLLBACK TO SAVEPOINT attempt") }
            throw error
        }
    }

    // MARK: Bad rows

    /// Finds the rows that cannot be written by halving, writes the others, and sets those aside.
    private func isolate(_ upsert: String) throws -> Int {
        let count = try connection.query(
            """
            WITH numbered AS (SELECT ctid AS place, row_number() OVER () AS number FROM \(statements.stage))
            UPDATE \(statements.stage) AS s SET "_seq" = numbered.number FROM numbered WHERE s.ctid = numbered.place
            """
        ).affectedRows
        var mask = 0
        var aside = 0
        var parts = [1...max(count, 1)]
        while let part = parts.popLast() {
            mask += 1
            try connection.query(
                "UPDATE \(statements.stage) SET \"_mask\" = $1 WHERE \"_seq\" BETWEEN $2 AND $3",
                [.int(mask), .int(part.lowerBound), .int(part.upperBound)])
            do {
                try attempt(upsert, mask: mask)
            } catch let error as PostgresError where Self.isAboutRows(error) {
                if part.count > 1 {
                    let middle = (part.lowerBound + part.upperBound) / 2
                    parts.append(middle + 1...part.upperBound)
                    parts.append(part.lowerBound...middle)
                } else {
                    aside += try setAside(mask: mask, error)
                }
            }
        }
        return aside
    }

    private func setAside(mask: Int, _ error: PostgresError) throws -> Int {
        if postponesViolations, error.sqlState?.classCode == "23", error.sqlState != .notNullViolation,
            error.sqlState != .checkViolation
        {
            try connection.query(
                """
                INSERT INTO tidegate.reread (entity_id, key, reason)
                SELECT \(entity.id), \(statements.sourceKeyText), $2 FROM \(statements.rawStage) WHERE "_mask" = $1
                ON CONFLICT (entity_id, key) DO NOTHING
                """, [.int(mask), .text(error.sqlState?.rawValue ?? "23000")])
            return 0
        }
        return try quarantine(
            "\(statements.alias).\"_mask\" = \(mask)", reason: "rejected", sqlState: error.sqlState?.rawValue,
            message: error.redactedMessage)
    }

    /// Takes the rows that have a known defect out of the stage.
    private func setDefectsAside() throws -> Int {
        var aside = 0
        for defect in entity.entity.quarantines {
            aside += try quarantine(
                "(\(defect.predicate))", reason: defect.defect, sqlState: nil,
                message: "a known defect that the playbook sets aside")
            try connection.query("DELETE FROM \(statements.rawStage) WHERE (\(defect.predicate))")
        }
        return aside
    }

    /// Puts staged rows into the quarantine, each as JSON. A row of the same key that is there from an earlier load goes.
    private func quarantine(
        _ predicate: String, reason: String, sqlState: String?, message: String
    ) throws -> Int {
        let key = statements.sourceKeyText
        try connection.query(
            """
            DELETE FROM tidegate.quarantine WHERE topic = $1 AND entity_id = \(entity.id)
                AND key IN (SELECT \(key) FROM \(statements.rawStage) WHERE \(predicate))
            """, [.text(origin)])
        return try connection.query(
            """
            INSERT INTO tidegate.quarantine (flow, entity_id, topic, partition, "offset", key, reason, sqlstate, message,
                event_value)
            SELECT 'forward', \(entity.id), $1, 0, nextval(pg_get_serial_sequence('tidegate.quarantine', 'id')),
                \(key), $2, $3, $4, convert_to(row_to_json(\(statements.alias))::text, 'UTF8')
            FROM \(statements.rawStage) WHERE \(predicate)
            """, [.text(origin), .text(reason), .optional(sqlState), .text(message)]
        ).affectedRows
    }
}
