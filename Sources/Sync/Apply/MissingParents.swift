internal import Ledger
public import LibPQ
public import Model
public import Playbook

/// Finds staged rows that point at rows which are not there, for sessions in which foreign keys hold.
///
/// It finds all of them by one statement: of tables that point at each other, or of one whose rows point at rows of a later
/// chunk, nearly every row of a chunk may be among them, and to find each by trying it would take for ever.
public struct MissingParents {
    private let entity: CompiledEntity
    private let connection: Connection
    private let present: ColumnSet
    private let mask: Int32?

    /// A staged row that misses a parent.
    public struct Orphan: Sendable {
        /// Its number (`_seq`).
        public let row: Int
        /// The foreign key's constraint.
        public let constraint: String
        let parent: TableName
        /// What it has in the constraint's columns, as text.
        public let key: [String]
    }

    /// A search in the session that has the entity's stage.
    ///
    /// - Parameters:
    ///   - present: the source columns that the staged rows have.
    ///   - mask: of which images; nil for all.
    public init(_ entity: CompiledEntity, on connection: Connection, present: ColumnSet, mask: Int32? = nil) {
        self.entity = entity
        self.connection = connection
        self.present = present
        self.mask = mask
    }

    /// The staged rows that miss a parent.
    ///
    /// - Parameter countingStage: whether a row that is staged beside them, and written by the same statement, is there; then
    ///   a row that points at one that misses its parent is missing one too, and so on.
    public func find(countingStage: Bool) throws -> [Orphan] {
        let references = try references()
        guard !references.isEmpty else { return [] }
        let statements = entity.statements
        // Expressions are evaluated where nothing but the row is in sight: elsewhere names could mean the parent's columns.
        var values: [String] = []
        func value(_ field: CompiledField) -> String {
            values.append("\(field.sql) AS v\(values.count)")
            return "v\(values.count - 1)"
        }
        var lost: [String] = []
        var which: [(missing: String, key: String)] = []
        var edges = ["SELECT 0 AS child, 0 AS parent WHERE false"]
        for reference in references {
            let pointers = reference.columns.map { value($0.field) }
            let known = pointers.map { "_row.\($0) IS NOT NULL" }
            let absent =
                "NOT EXISTS (SELECT FROM \(reference.parent.quoted) AS _parent WHERE "
                + Self.equal("_parent", reference.columns.map { quotedIdentifier($0.parentColumn) }, pointers) + ")"
            let isMissing = (known + [absent]).joined(separator: " AND ")
            which.append((isMissing, "ARRAY[\(pointers.map { "_row.\($0)::text" }.joined(separator: ", "))]"))
            let staged = reference.columns.compactMap { field($0.parentColumn) }
            guard countingStage, reference.parent == entity.target, staged.count == pointers.count else {
                lost.append("(\(isMissing))")
                continue
            }
            let equal = Self.equal("_other", staged.map(value), pointers)
            lost.append("(\(isMissing) AND NOT EXISTS (SELECT FROM _rows AS _other WHERE \(equal)))")
            edges.append(
                "SELECT _row.seq, _other.seq FROM _rows AS _row JOIN _rows AS _other ON \(equal) WHERE \(isMissing)")
        }
        let number = which.enumerated().map { "WHEN \($1.missing) THEN \($0)" }.joined(separator: " ")
        let key = which.map { "WHEN \($0.missing) THEN \($0.key)" }.joined(separator: " ")
        let found = try connection.query(
            """
            WITH RECURSIVE _rows AS MATERIALIZED (
                SELECT \(statements.alias)."_seq" AS seq, \(values.joined(separator: ", "))
                FROM \(statements.correctedStage) 
                WHERE \(statements.alias)."_op" = 'u'\(mask.map { " AND \(statements.alias).\"_mask\" = \($0)" } ?? "")),
            _edges AS MATERIALIZED (\(edges.joined(separator: " UNION ALL "))),
            _lost AS (
                SELECT seq FROM _rows AS _row WHERE \(lost.joined(separator: " OR "))
                UNION
                SELECT _edges.child FROM _lost JOIN _edges ON _edges.parent = _lost.seq)
            SELECT _row.seq, CASE \(number) END, CASE \(key) END FROM _lost JOIN _rows AS _row USING (seq)
            """)
        return found.rows.compactMap { row in
            guard let seq = row[0].flatMap({ Int($0) }), let number = row[1].flatMap({ Int($0) }) else { return nil }
            return Orphan(
                row: seq, constraint: references[number].name, parent: references[number].parent,
                key: PostgresArray.key(row[2]) ?? [])
        }
    }

    private static func equal(_ row: String, _ columns: [String], _ pointers: [String]) -> String {
        zip(columns, pointers).map { "\(row).\($0) = _row.\($1)" }.joined(separator: " AND ")
    }

    /// The tables whose rows must be there when the statement that writes rows pointing at them ends.
    public func firmParents() throws -> Set<TableName> {
        Set(try references().filter { !$0.isDeferrable }.map(\.parent))
    }

    // MARK: The target's foreign keys

    private struct Reference {
        let name: String
        let parent: TableName
        let isDeferrable: Bool
        let columns: [(field: CompiledField, parentColumn: String)]
    }

    private func field(_ column: String) -> CompiledField? {
        entity.fields.first { $0.column == column && $0.dependencies.isSubset(of: present) }
    }

    /// Those whose columns are all written.
    private func references() throws -> [Reference] {
        try ForeignKey.find(of: entity.target, on: connection).compactMap { key in
            let columns = key.columns.compactMap { column in field(column.own).map { ($0, column.parent) } }
            guard columns.count == key.columns.count else { return nil }
            return Reference(name: key.name, parent: key.parent, isDeferrable: key.isDeferrable, columns: columns)
        }
    }
}
