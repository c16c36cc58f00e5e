import ChangeEvents
import Ledger
import LibPQ
import Model
import Playbook

/// Finds staged rows that point at rows which are not there, for sessions in which foreign keys hold.
///
/// It finds all of them by one statement: of tables that point at each other, or of one whose rows point at rows of a later
/// chunk, nearly every row of a chunk may be among them, and to find each by trying it would take for ever.
struct MissingParents {
    let entity: LoadingEntity
    let connection: Connection
    /// The source columns that staged rows have.
    let present: ColumnSet

    /// The numbers (`_seq`) of the staged rows that miss a parent.
    ///
    /// - Parameter countingStage: whether a row that is staged beside them, and written by the same statement, is there; then
    ///   a row that points at one that misses its parent is missing one too, and so on.
    func find(countingStage: Bool) throws -> [Int] {
        let references = try references()
        guard !references.isEmpty else { return [] }
        let statements = entity.entity.statements
        // Expressions are evaluated where nothing but the row is in sight: elsewhere names could mean the parent's columns.
        var values: [String] = []
        func value(_ field: CompiledField) -> String {
            values.append("\(field.sql) AS v\(values.count)")
            return "v\(values.count - 1)"
        }
        var lost: [String] = []
        var edges = ["SELECT 0 AS child, 0 AS parent WHERE false"]
        for reference in references {
            let pointers = reference.columns.map { value($0.field) }
            let known = pointers.map { "_row.\($0) IS NOT NULL" }
            let absent =
                "NOT EXISTS (SELECT FROM \(reference.parent.quoted) AS _parent WHERE "
                + Self.equal("_parent", reference.columns.map { quotedIdentifier($0.parentColumn) }, pointers) + ")"
            let isMissing = (known + [absent]).joined(separator: " AND ")
            let staged = reference.columns.compactMap { field($0.parentColumn) }
            guard countingStage, reference.parent == entity.entity.target, staged.count == pointers.count else {
                lost.append("(\(isMissing))")
                continue
            }
            let equal = Self.equal("_other", staged.map(value), pointers)
            lost.append("(\(isMissing) AND NOT EXISTS (SELECT FROM _rows AS _other WHERE \(equal)))")
            edges.append(
                "SELECT _row.seq, _other.seq FROM _rows AS _row JOIN _rows AS _other ON \(equal) WHERE \(isMissing)")
        }
        return try connection.query(
            """
            WITH RECURSIVE _rows AS MATERIALIZED (
                SELECT \(statements.alias)."_seq" AS seq, \(values.joined(separator: ", "))
                FROM \(statements.correctedStage) WHERE \(statements.alias)."_op" = 'u'),
            _edges AS MATERIALIZED (\(edges.joined(separator: " UNION ALL "))),
            _lost AS (
                SELECT seq FROM _rows AS _row WHERE \(lost.joined(separator: " OR "))
                UNION
                SELECT _edges.child FROM _lost JOIN _edges ON _edges.parent = _lost.seq)
            SELECT seq FROM _lost
            """
        ).rows.compactMap { $0.int("seq") }
    }

    private static func equal(_ row: String, _ columns: [String], _ pointers: [String]) -> String {
        zip(columns, pointers).map { "\(row).\($0) = _row.\($1)" }.joined(separator: " AND ")
    }

    /// The tables whose rows must be there when the statement that writes rows pointing at them ends.
    func firmParents() throws -> Set<TableName> {
        Set(try references().filter { !$0.isDeferrable }.map(\.parent))
    }

    // MARK: The target's foreign keys

    private struct Reference {
        let parent: TableName
        let isDeferrable: Bool
        let columns: [(field: CompiledField, parentColumn: String)]
    }

    private func field(_ column: String) -> CompiledField? {
        entity.entity.fields.first { $0.column == column && $0.dependencies.isSubset(of: present) }
    }

    /// Those whose columns are all written.
    private func references() throws -> [Reference] {
        let found = try connection.query(
            """
            SELECT n.nspname, p.relname, array_agg(a.attname::text ORDER BY c.place) AS columns,
                array_agg(b.attname::text ORDER BY c.place) AS parent_columns, k.condeferrable AS is_deferrable
            FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace
            CROSS JOIN unnest(k.conkey, k.confkey) WITH ORDINALITY AS c (own, other, place)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.own
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = c.other
            WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = to_regclass($1)
            GROUP BY k.oid, n.nspname, p.relname ORDER BY k.oid
            """, [.text(entity.entity.target.quoted)])
        return found.rows.compactMap { row in
            guard let schema = row[0], let name = row[1], let own = PostgresArray.key(row[2]),
                let other = PostgresArray.key(row[3])
            else { return nil }
            let columns = zip(own, other).compactMap { own, other in field(own).map { (field: $0, parentColumn: other) }
            }
            guard columns.count == own.count else { return nil }
            return Reference(
                parent: TableName(schema: schema, name: name), isDeferrable: row.bool("is_deferrable") == true,
                columns: columns)
        }
    }
}
