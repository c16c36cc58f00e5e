import Model

/// The hand-over's statements over a typed stage: what a lane runs between COPY and upsert while a scope is loading.
///
/// The stage must hold one final image per key, the key columns typed, and the source transaction of the event (its
/// low 32 bits as `bigint`, null when the source has none). Order within the transaction, under the entity's lock:
/// `recordTouched`, then delete the rows for which `isInBaseline` (reason `in-baseline`), then the rest.
public struct HandoverSQL: Sendable {
    /// The entity's number.
    public let entity: EntityID
    /// The source key.
    public let key: [KeyColumn]
    /// The stage's column of the source transaction.
    public let transactionColumn: String

    /// The statements for an entity.
    public init(entity: EntityID, key: [KeyColumn], transactionColumn: String) {
        self.entity = entity
        self.key = key
        self.transactionColumn = transactionColumn
    }

    /// A stage row's key as the ledger keeps it: `ARRAY["row"."id"::text]`.
    public func ledgerKey(_ row: String) -> String {
        "ARRAY[" + key.map { "\(row).\(quotedIdentifier($0.name))::text" }.joined(separator: ", ") + "]"
    }

    /// The key columns of a table alias, typed, out of a ledger key: `(t.key[1])::bigint, ...`.
    public func typedKey(_ array: String) -> [String] {
        key.enumerated().map { "(\(array)[\($0 + 1)])::\($1.type)" }
    }

    /// Notes every staged key as touched by its event's transaction: rows outside all scopes and deletes too.
    public func recordTouched(stage: String) -> String {
        """
        INSERT INTO tidegate.touched (entity_id, key, xid)
        SELECT \(entity), \(ledgerKey("s")), s.\(quotedIdentifier(transactionColumn)) FROM \(stage) AS s
        ORDER BY 2
        ON CONFLICT (entity_id, key) DO UPDATE SET xid = excluded.xid
        """
    }

    /// The session's table of merged ranges, which `isInBaseline` looks at.
    public var rangesTable: String { "pg_temp.tidegate_ranges_\(entity)" }

    /// Makes the table of merged ranges in a session, empty.
    public var createRanges: String {
        let columns = ["low", "high"].flatMap { bound in
            key.enumerated().map { "\(bound)\($0 + 1) \($1.type)\($1.collation.map { " COLLATE \($0)" } ?? "")" }
        }
        let index = key.indices.map { "low\($0 + 1)" }.joined(separator: ", ")
        return """
            CREATE TEMPORARY TABLE IF NOT EXISTS tidegate_ranges_\(entity)
                (\(columns.joined(separator: ", ")), snapshot pg_snapshot, is_first boolean, is_last boolean);
            CREATE INDEX IF NOT EXISTS tidegate_ranges_\(entity)_low ON \(rangesTable) (\(index))
            """
    }

    /// Fills the table of merged ranges from the ledger, as of now: run it under the entity's lock, when the entity's
    /// version has moved, and in one transaction with what relies on it.
    public var refillRanges: String {
        """
        TRUNCATE \(rangesTable);
        INSERT INTO \(rangesTable)
        SELECT \((typedKey("c.low") + typedKey("c.high")).joined(separator: ", ")), c.snapshot, c.low IS NULL, c.high IS NULL
        FROM tidegate.chunk c JOIN tidegate.scope s ON s.entity_id = c.entity_id AND s.wave = c.wave
        WHERE c.entity_id = \(entity) AND c.state = 'merged' AND s.state = 'loading' AND s.handover = 'snapshot'
        """
    }

    /// SQL that is true when a stage row's key is in a merged range whose snapshot saw its transaction: its effect is
    /// in the baseline already, and applying it would take the row back in time.
    public func isInBaseline(_ row: String) -> String {
        let keys = key.map { "\(row).\(quotedIdentifier($0.name))" }
        let seen = "tidegate.sees(_range.snapshot, \(row).\(quotedIdentifier(transactionColumn)))"
        let below = compare(keys, "<", "_range.high")
        let latest = key.indices.map { "_range.low\($0 + 1) DESC" }.joined(separator: ", ")
        return """
            coalesce(
                (SELECT (_range.is_last OR \(below)) AND \(seen) FROM \(rangesTable) AS _range
                 WHERE \(compare(keys, ">=", "_range.low")) ORDER BY \(latest) LIMIT 1),
                (SELECT (_range.is_last OR \(below)) AND \(seen) FROM \(rangesTable) AS _range WHERE _range.is_first),
                false)
            """
    }

    private func compare(_ keys: [String], _ relation: String, _ bound: String) -> String {
        let bounds = key.indices.map { "\(bound)\($0 + 1)" }
        return "(\(list(keys))) \(relation) (\(bounds.joined(separator: ", ")))"
    }

    private func list(_ values: [String]) -> String {
        zip(key, values).map { $0.ordered($1) }.joined(separator: ", ")
    }
}
