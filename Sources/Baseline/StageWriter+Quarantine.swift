import Ledger
import LibPQ
import Model
import Playbook
import Sync

extension StageWriter {
    /// Puts staged rows into the quarantine, each as JSON. A row of the same key that is there from an earlier load goes.
    func quarantine(
        _ predicate: String, reason: String, sqlState: String?, message: String,
        _ orphans: [MissingParents.Orphan] = []
    ) throws -> Int {
        let awaited =
            "(SELECT a.%@ FROM unnest($5::integer[], $6::text[], $7::text[]) AS a (row, name, key) "
            + "WHERE a.row = \(statements.alias).\"_seq\")"
        let key = statements.sourceKeyText
        try connection.query(
            """
            DELETE FROM tidegate.quarantine WHERE topic = $1 AND entity_id = \(entity.id)
                AND key IN (SELECT \(key) FROM \(statements.rawStage) WHERE \(predicate))
            """, [.text(origin)])
        return try connection.query(
            """
            INSERT INTO tidegate.quarantine (flow, entity_id, topic, partition, "offset", key, reason, sqlstate, message,
                event_value, awaited, awaited_key)
            SELECT 'forward', \(entity.id), $1, 0, nextval(pg_get_serial_sequence('tidegate.quarantine', 'id')),
                \(key), $2, $3, $4, convert_to(row_to_json(\(statements.alias))::text, 'UTF8'),
                \(awaited.replacing("%@", with: "name")), \(awaited.replacing("%@", with: "key"))::text[]
            FROM \(statements.rawStage) WHERE \(predicate)
            """,
            [
                .text(origin), .text(reason), .optional(sqlState), .text(message),
                .array(orphans.map { "\($0.row)" }), .array(orphans.map(\.constraint)),
                .array(orphans.map { Quarantine.literal($0.key) }),
            ]
        ).affectedRows
    }
}
