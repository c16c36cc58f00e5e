internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// A unique index or exclusion constraint of an entity's target table, other than the key's.
struct UniqueIndex {
    let name: String
    /// The target's columns that its entries are made of.
    let columns: [String]
    /// Whether its entries are these columns' values, of every row: nothing is computed, no row left out, equality decides.
    let isPlain: Bool

    /// Those of an entity's table.
    static func find(of entity: CompiledEntity, on connection: Connection) throws -> [UniqueIndex] {
        let found = try connection.query(
            """
            SELECT c.relname, i.indexprs IS NULL AND i.indpred IS NULL AND NOT i.indisexclusion AS is_plain,
                (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum))
                 FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum > 0
                    AND (array_position((i.indkey::int2[])[0:i.indnkeyatts - 1], a.attnum) IS NOT NULL OR EXISTS (
                        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                            AND d.refobjsubid = a.attnum AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)))) AS columns
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion) AND i.indisvalid ORDER BY c.relname
            """, [.text(entity.target.quoted)])
        let key = Set(entity.fields.filter(\.isKey).map(\.column))
        return found.rows.compactMap { row in
            guard let name = row[0], let columns = PostgresArray.key(row["columns"]),
                !columns.isEmpty, Set(columns) != key
            else { return nil }
            return UniqueIndex(name: name, columns: columns, isPlain: row.bool("is_plain") == true)
        }
    }
}
