import LibPQ
import Model
import Playbook

/// Puts a staged sample to an entity's mapping, field by field, and counts what the target would refuse.
///
/// Values are converted as an assignment converts them, by writing them into a temporary table of the column's type. Where
/// a field as a whole is refused, its rows are tried one by one, in the server.
struct MappingProbe {
    let entity: CompiledEntity
    /// In a transaction that will be rolled back, with the sample staged.
    let target: Connection
    let looked: Int

    private static let table = "pg_temp.tidegate_probe"
    private static let counts = "pg_temp.tidegate_refused"

    /// What each field refuses.
    func rejections() throws -> [Rejection] {
        try target.execute("CREATE TEMPORARY TABLE tidegate_refused (state text)")
        return try entity.fields.flatMap { try rejections(of: $0) }
    }

    private func rejections(of field: CompiledField) throws -> [Rejection] {
        try target.execute(
            "DROP TABLE IF EXISTS \(Self.table); CREATE TEMPORARY TABLE tidegate_probe (v \(field.targetType))")
        var found: [Rejection] = []
        if try isRefused(field) { found = try refusedRows(of: field) }
        if field.isNotNull {
            let nulls = try target.query("SELECT count(*) FROM \(Self.table) WHERE v IS NULL").scalar.flatMap {
                Int($0)
            }
            if let nulls, nulls > 0 { found.append(rejection(field, .notNullViolation, nulls)) }
        }
        return found
    }

    private func isRefused(_ field: CompiledField) throws -> Bool {
        try target.execute("SAVEPOINT tidegate_field")
        do {
            try target.execute(
                "INSERT INTO \(Self.table) SELECT \(field.sql) FROM \(entity.statements.correctedStage)")
            try target.execute("RELEASE SAVEPOINT tidegate_field")
            return false
        } catch {
            guard ["22", "23"].contains(error.sqlState?.classCode) else { throw error }
            try target.execute("ROLLBACK TO SAVEPOINT tidegate_field")
            return true
        }
    }

    private func refusedRows(of field: CompiledField) throws -> [Rejection] {
        let alias = entity.statements.alias
        let body = """
            #variable_conflict use_column
            DECLARE tidegate_row \(entity.statements.stage)%ROWTYPE;
            BEGIN
                FOR tidegate_row IN SELECT * FROM \(entity.statements.correctedStage) LOOP
                    BEGIN
                        INSERT INTO \(Self.table) SELECT \(field.sql) FROM (SELECT (tidegate_row).*) AS \(alias);
                    EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
                        INSERT INTO \(Self.counts) VALUES (SQLSTATE);
                    END;
                END LOOP;
            END
            """
        try target.execute("TRUNCATE \(Self.counts); DO \(quotedLiteral(body))")
        let result = try target.query("SELECT state, count(*) AS rows FROM \(Self.counts) GROUP BY 1 ORDER BY 1")
        return result.rows.map { row in
            rejection(field, SQLState(rawValue: row["state"] ?? ""), row.int("rows") ?? 0)
        }
    }

    private func rejection(_ field: CompiledField, _ state: SQLState, _ rows: Int) -> Rejection {
        Rejection(field: field.column, type: field.targetType, sqlState: state, rows: rows, looked: looked)
    }
}
