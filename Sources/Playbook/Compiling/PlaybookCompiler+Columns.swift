import ChangeEvents
import LibPQ
import Model

extension PlaybookCompiler {
    /// Finds out what the source's rows look like, and creates the stage for them.
    func describeSource(_ draft: EntityDraft, _ session: ProbeSession) throws(PostgresError) {
        if let table = draft.sourceTable {
            draft.columns = try table.columns.filter { !$0.isGenerated }.map { column throws(PostgresError) in
                try draftColumn(column, session)
            }
            draft.eventKey = playbook.eventKey(of: table)
        } else {
            guard !draft.definition.columns.isEmpty else {
                error(
                    .missingKey, at: draft.definition.name.location,
                    "the columns of \(draft.source) are not known: the source has no connection",
                    expected: "columns: { name: type }", advice: "add columns, or source: { postgres: ... }")
                return
            }
            for column in draft.definition.columns {
                if let described = try draftColumn(column, session) { draft.columns.append(described) }
            }
            // The order of the playbook's key stands for the events' key; what it depends on is checked with the key.
            draft.eventKey = []
        }
        reportReserved(draft)
        for index in draft.columns.indices {
            draft.columns[index].isKey = draft.eventKey.contains(draft.columns[index].name)
        }
        guard !draft.columns.isEmpty else { return }
        try session.create(draft.statements().createStage)
    }

    private func reportReserved(_ draft: EntityDraft) {
        for column in draft.columns where StageControl(rawValue: column.name) != nil {
            error(
                .reservedColumn, at: draft.definition.from.location,
                "the source column \(column.name) has a name that the stage uses itself",
                expected: "no column named \(StageControl.allCases.map(\.rawValue).joined(separator: ", "))",
                advice: "leave the column out of the connector's and the publication's list, or rename it")
        }
    }

    private func draftColumn(_ column: CatalogColumn, _ session: ProbeSession) throws(PostgresError) -> DraftColumn {
        let staged = try stageType(of: column, session)
        // The decoder knows types by their bare names.
        let elementType = column.elementName + (column.isArray ? "[]" : "")
        let typeText = column.isBuiltIn ? column.baseType : elementType
        return DraftColumn(
            name: column.name, type: SourceType(postgres: typeText, isEnumeration: column.isEnumeration),
            isKey: false, stageType: staged ?? (column.isArray ? "text[]" : "text"), isStagedAsText: staged == nil,
            catalog: column)
    }

    /// The type of the target that takes every text of a source column; nil when that is text alone.
    private func stageType(of column: CatalogColumn, _ session: ProbeSession) throws(PostgresError) -> String? {
        // A label may be added on the source at any time, and the names of objects need not exist here.
        guard !column.isEnumeration, column.elementKind != "c", !column.bareBaseType.hasPrefix("reg") else {
            return nil
        }
        if column.isBuiltIn {
            // Without modifiers, so that a column made wider on the source still loads; but bit alone would mean bit(1).
            return column.bareBaseType == "\"bit\"" || column.bareBaseType == "\"bit\"[]"
                ? column.baseType : column.bareBaseType
        }
        // An extension's type, where the target has it too, under the same schema or another.
        let known = try session.query(
            """
            SELECT format_type(t.oid, -1) FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
            WHERE coalesce(e.typtype, t.typtype) IN ('b', 'r') AND coalesce(e.typname, t.typname) = $2
              AND (e.oid IS NOT NULL) = $3::boolean
            ORDER BY t.oid IS NOT DISTINCT FROM to_regtype($1) DESC, pg_type_is_visible(t.oid) DESC, t.oid LIMIT 1
            """,
            [.text(column.bareBaseType), .text(column.elementName), .bool(column.isArray)])
        return known.scalar
    }

    private func draftColumn(_ column: ColumnDefinition, _ session: ProbeSession) throws(PostgresError) -> DraftColumn?
    {
        let type = SourceType(postgres: column.type.value)
        let table = "pg_temp.\"tidegate_type\""
        do {
            try session.create("CREATE TEMPORARY TABLE \(table) (v \(column.type.value)); ")
        } catch {
            guard error.isAnswer else { throw error }
            guard error.sqlState == .undefinedObject else {
                self.error(
                    .badValue, at: column.type.location, "\"\(column.type.value)\" is not a type: \(error.message)",
                    expected: "a type as PostgreSQL writes it, such as numeric(10,2)")
                return nil
            }
            note(
                .badValue, at: column.type.location,
                "the target has no type \"\(column.type.value)\": the column's values are taken as text",
                advice: "check the spelling if it is no type of the source's own")
            return DraftColumn(
                name: column.name.value, type: type, isKey: false, stageType: "text", isStagedAsText: true, catalog: nil
            )
        }
        let known = try session.query(
            """
            SELECT CASE WHEN t.typtype IN ('e', 'c', 'd') THEN NULL
                        WHEN t.typname IN ('bit', '_bit') THEN format_type(a.atttypid, a.atttypmod)
                        ELSE format_type(a.atttypid, -1) END
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = 'pg_temp.tidegate_type'::regclass AND a.attnum = 1
            """, [])
        try session.create("DROP TABLE \(table)")
        return DraftColumn(
            name: column.name.value, type: type, isKey: false, stageType: known.scalar ?? "text",
            isStagedAsText: known.scalar == nil, catalog: nil)
    }
}
