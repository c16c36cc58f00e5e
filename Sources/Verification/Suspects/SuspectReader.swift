import Baseline
import Ledger
import LibPQ
import Model
import Playbook

/// Reads the rows of some keys on either side, mapped and in canonical form.
struct SuspectReader {
    let entity: ComparedEntity
    let sessions: SideSessions

    /// The source's rows, in one snapshot, with the end of the log just after it.
    func source(_ keys: [[String]]) throws -> (rows: [[String]: SourceRow], seal: Seal) {
        try sessions.target.execute(entity.statements.createStage)
        return try sessions.target.transaction {
            let seal = try sessions.readingSource { snapshot, position in
                _ = try CopyPipe.copy(
                    entity.stagedRows(keys: keys), on: sessions.source, into: entity.stageTable, on: sessions.target)
                return Seal(snapshot: snapshot, position: position)
            }
            try entity.judgeStage(on: sessions.target)
            return (try staged(keys), seal)
        }
    }

    private func staged(_ keys: [[String]]) throws -> [[String]: SourceRow] {
        let alias = entity.statements.alias
        let columns = [
            entity.keyText(.stage), "\(alias).\"_xid\"", "\(alias).\"_seq\"", "\(alias).\"_owned\"", "\(alias).\"_op\"",
            entity.statements.sourceKeyText,
        ]
        let select =
            "SELECT \((columns + entity.compared(.stage)).joined(separator: ", ")) FROM \(entity.table(.stage))"
        let result =
            entity.hasPlainKey
            ? try sessions.target.query(select)
            : try sessions.target.query(
                "\(select) WHERE \(entity.keyText(.stage)) = ANY (SELECT k::text[] FROM unnest($1::text[]) AS u (k))",
                [.array(keys.map { PostgresArray.literal($0) })])
        var rows: [[String]: SourceRow] = [:]
        for row in result.rows {
            guard let key = PostgresArray.key(row[0]) else { continue }
            rows[key] = SourceRow(
                version: row[1] ?? "", isInLiveScope: row[2] == "2", owned: row[3].flatMap { Int($0) } ?? -1,
                isSetAside: row[4] == "d", sourceKey: row[5] ?? "",
                values: (columns.count..<result.columnCount).map { row[$0] })
        }
        return rows
    }

    /// The target's rows as they are now.
    func target(_ keys: [[String]]) throws -> [[String]: TargetRow] {
        let columns = [entity.keyText(.target), "_target.xmin::text", entity.targetBits] + entity.compared(.target)
        let result = try sessions.target.query(
            """
            SELECT \(columns.joined(separator: ", ")) FROM \(entity.table(.target))
            WHERE \(KeyRange.isAmong(entity.keyColumns(.target), keys))
            """)
        var rows: [[String]: TargetRow] = [:]
        for row in result.rows {
            guard let key = PostgresArray.key(row[0]) else { continue }
            rows[key] = TargetRow(
                version: row[1] ?? "", owned: row[2].flatMap { Int($0) } ?? 0,
                values: (3..<result.columnCount).map { row[$0] })
        }
        return rows
    }

    /// Those of the keys of which events are parked in the quarantine.
    func parked(_ keys: [[String]], sourceKeys: [[String]: String]) throws -> Set<[String]> {
        guard !keys.isEmpty else { return [] }
        var meant: [[String]: [String]] = [:]
        for key in keys { meant[sourceKeys[key].flatMap { PostgresArray.key($0) } ?? key] = key }
        let found = try sessions.target.query(
            """
            SELECT DISTINCT key FROM tidegate.quarantine WHERE entity_id = $1 AND state IN ('parked', 'retrying')
                AND key = ANY (SELECT k::text[] FROM unnest($2::text[]) AS u (k))
            """, [.int(entity.id.rawValue), .array(meant.keys.map { PostgresArray.literal($0) })])
        return Set(found.rows.compactMap { PostgresArray.key($0[0]).flatMap { meant[$0] } })
    }
}
