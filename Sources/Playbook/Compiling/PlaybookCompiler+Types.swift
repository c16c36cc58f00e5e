import LibPQ
import Model

/// Two types, by the target's oids.
struct TypePair: Hashable {
    let from: UInt32
    let to: UInt32
}

extension PlaybookCompiler {
    private static let textOIDs: Set<UInt32> = [25, 1043, 1042, 705]
    private static let text: UInt32 = 25
    private static let regclass: UInt32 = 2205

    /// The SQL that makes exactly the target column's type of an expression, as an assignment would.
    ///
    /// The cast goes to the type without its modifiers: with them it would cut a value off in silence, where the
    /// assignment that follows refuses it.
    func assign(
        _ sql: String, type: UInt32, to field: DraftField, isStagedAsText: Bool, literal: Bool, session: ProbeSession
    ) throws(PostgresError) -> String? {
        let column = field.column
        if type == column.baseOID, !column.isDomain { return sql }
        let isEnumeration = column.isEnumeration && Self.textOIDs.contains(type)
        let isCast = isEnumeration || isStagedAsText || literal
        let isAssigned = isCast ? true : try isAssignable(type, to: column, session)
        if isAssigned {
            reportLoss(from: type, to: field)
            // The cast from text to regclass refuses "-", which the type's own input takes for no relation.
            let value = isStagedAsText && column.baseOID == Self.regclass ? "CAST(\(sql) AS bpchar)" : sql
            return "CAST(\(value) AS \(column.bareType))"
        }
        let name = try session.query("SELECT format_type($1::oid, -1)", [.text(String(type))]).scalar ?? "?"
        error(
            .typeMismatch, at: field.expression.location,
            "field \(column.name) is of type \(column.type), but the expression is of type \(name)",
            expected: "an expression of type \(column.type), or of one that PostgreSQL converts by itself",
            advice: "write (\(field.expression.sql))::\(column.bareType) if that is what is meant")
        return nil
    }

    private func isAssignable(
        _ type: UInt32, to column: CatalogColumn, _ session: ProbeSession
    ) throws(PostgresError) -> Bool {
        let pair = TypePair(from: type, to: column.baseOID)
        if let known = assignments[pair] { return known }
        let result = try session.query(
            """
            SELECT f.oid = t.oid OR t.typcategory = 'S' OR f.oid = 705
                OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = f.oid AND c.casttarget = t.oid
                           AND c.castcontext IN ('a', 'i'))
                OR (f.typcategory = 'A' AND t.typcategory = 'A' AND (f.typelem = t.typelem
                    OR (SELECT e.typcategory = 'S' FROM pg_type e WHERE e.oid = t.typelem)
                    OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = f.typelem AND c.casttarget = t.typelem
                               AND c.castcontext IN ('a', 'i'))))
            FROM pg_type f, pg_type t WHERE f.oid = $1::oid AND t.oid = $2::oid
            """, [.text(String(pair.from)), .text(String(pair.to))])
        let isAssignable = result.scalar == "t"
        assignments[pair] = isAssignable
        return isAssignable
    }

    /// Conversions that PostgreSQL makes by itself although they lose something.
    private func reportLoss(from type: UInt32, to field: DraftField) {
        let losses: [UInt32: (targets: Set<UInt32>, what: String)] = [
            1700: ([20, 21, 23, 700, 701], "digits after the point"), 701: ([20, 21, 23, 700], "digits"),
            700: ([20, 21, 23], "digits after the point"), 1114: ([1082, 1083], "a part of the timestamp"),
            1184: ([1082, 1083], "a part of the timestamp"),
        ]
        guard let loss = losses[type], loss.targets.contains(field.column.baseOID) else { return }
        warn(
            .typeMismatch, at: field.expression.location,
            "field \(field.column.name) is of type \(field.column.type): the assignment loses \(loss.what) in silence",
            expected: "a column that holds what the source has",
            advice: "write the conversion out, round(...) or ::\(field.column.bareType), to say that it is meant")
    }

    // MARK: Masking

    /// The masked form of a value; `dependencies` when they are others than the value's.
    func mask(
        _ sql: String, _ mask: Located<FieldDefinition.Mask>, _ field: DraftField, _ draft: EntityDraft,
        _ session: ProbeSession
    ) throws -> (sql: String, type: UInt32, dependencies: ColumnSet?)? {
        let column = field.column
        let takesText = column.category == "S" && !column.isArray
        switch mask.value {
        case .hmac:
            if column.bareBaseType == "uuid" {
                return ("CAST(left(\(MaskingKey.expression(over: sql)), 32) AS uuid)", column.baseOID, nil)
            }
            guard takesText, holds(64, column) else {
                error(
                    .masking, at: mask.location,
                    "mask: hmac makes 64 characters, and field \(column.name) is of type \(column.type)",
                    expected: "a text of 64 characters or more, or a uuid",
                    advice: "widen the column, or mask with null or SQL")
                return nil
            }
            return (MaskingKey.expression(over: sql), Self.text, nil)
        case .redact:
            guard takesText, holds(3, column) else {
                error(
                    .masking, at: mask.location,
                    "mask: redact writes '***', and field \(column.name) is of type \(column.type)",
                    expected: "a text of 3 characters or more", advice: "mask with null or SQL")
                return nil
            }
            return ("CASE WHEN \(sql) IS NOT NULL THEN '***' END", Self.text, nil)
        case .null:
            guard !column.isNotNull else {
                error(
                    .masking, at: mask.location, "mask: null, but the target column \(column.name) is NOT NULL",
                    expected: "a column that takes NULL", advice: "mask with redact or SQL, or allow NULL")
                return nil
            }
            return ("CAST(NULL AS \(column.bareType))", column.baseOID, ColumnSet())
        case .sql(let expression):
            guard let answer = try askStage(expression, draft, session, "field \(column.name): mask") else {
                return nil
            }
            draft.lookups.formUnion(answer.tables)
            return ("(\(Self.closed(expression.sql)))", answer.typeOID, answer.columns)
        }
    }

    private func holds(_ length: Int, _ column: CatalogColumn) -> Bool {
        guard let open = column.baseType.firstIndex(of: "("), let close = column.baseType.firstIndex(of: ")"),
            let limit = Int(column.baseType[column.baseType.index(after: open)..<close])
        else { return true }
        return limit >= length
    }
}
