internal import ChangeEvents
internal import LibPQ
internal import Model
internal import Playbook

/// The triggers that keep applications of one side from writing what the other side owns, of one entity's table.
///
/// Row triggers run after the row is written: an upsert is then an insert or an update, whichever it came to. Their WHEN
/// conditions decide without a call of the function that nothing foreign was touched, which is what makes them cheap. They
/// are ordinary triggers: sessions with `session_replication_role = replica`, which takes a right that applications do not
/// have, do not fire them; nor do sessions of the exempt role.
struct GuardTriggers {
    let entity: CompiledEntity
    let ownership: EntityOwnership
    /// The side whose applications are kept out.
    let side: Side
    let mode: GuardMode
    /// The role that applies in this database without being a replica; nil when none does.
    let exemptRole: String?
    /// What the other side is called in the hint.
    let ownerSystem: String

    var table: TableName { side == .source ? entity.source : entity.target }

    /// A column of the table that the other side may own.
    private struct Column {
        let name: String
        let owner: EntityOwnership.Owner
    }

    /// The columns that the other side owns, for all rows or some.
    private var foreignColumns: [Column] {
        entity.fields.flatMap { field -> [Column] in
            guard let owner = ownership.owners[field.column], owner != .always(side) else { return [] }
            if side == .target { return [Column(name: field.column, owner: owner)] }
            // Of a source column that several fields are made of, the first that the target owns decides.
            return field.dependencies.columns.map { Column(name: entity.sourceColumns[$0].name, owner: owner) }
        }.reduce(into: []) { columns, column in
            if !columns.contains(where: { $0.name == column.name }) { columns.append(column) }
        }
    }

    /// Whether there is nothing to guard.
    var isEmpty: Bool { foreignColumns.isEmpty }

    private var keyColumns: [String] {
        side == .target
            ? entity.fields.filter(\.isKey).map(\.column) : entity.sourceKey.map { entity.sourceColumns[$0].name }
    }

    private var name: String { "tidegate_guard_\(entity.name)" }
    private var function: String { "tidegate.\(quotedIdentifier("guard_\(entity.name)"))" }

    // MARK: SQL

    /// Everything that installs them, in place of what was there; the schema's own tables must be there.
    var install: [String] {
        var statements = remove
        guard !isEmpty, mode != .off else { return statements }
        statements.append(createFunction)
        let changed = foreignColumns.map { column in
            "OLD.\(quotedIdentifier(column.name)) IS DISTINCT FROM NEW.\(quotedIdentifier(column.name))"
        }
        statements.append(trigger("update", "UPDATE", "(\(changed.joined(separator: " OR ")))"))
        if ownership.rowOwner != .always(side) { statements.append(trigger("insert", "INSERT", nil)) }
        statements.append(trigger("delete", "DELETE", nil))
        return statements
    }

    /// Takes them away, those of partitions too.
    var remove: [String] { ["DROP FUNCTION IF EXISTS \(function)() CASCADE"] }

    /// Guards a table, a partition among them, against TRUNCATE, which fires no row triggers.
    func truncateTrigger(on table: String) -> String {
        """
        CREATE TRIGGER \(quotedIdentifier("\(name)_truncate")) BEFORE TRUNCATE ON \(table) \
        FOR EACH STATEMENT \(when(nil)) EXECUTE FUNCTION \(function)()
        """
    }

    private func trigger(_ suffix: String, _ event: String, _ condition: String?) -> String {
        """
        CREATE TRIGGER \(quotedIdentifier("\(name)_\(suffix)")) AFTER \(event) ON \(table.quoted) \
        FOR EACH ROW \(when(condition)) EXECUTE FUNCTION \(function)()
        """
    }

    private func when(_ condition: String?) -> String {
        let exempt = exemptRole.map { "session_user <> \(quotedLiteral($0))" }
        let all = [exempt, condition].compactMap { $0 }
        return all.isEmpty ? "" : "WHEN (\(all.joined(separator: " AND ")))"
    }

    // MARK: The function

    /// Whether the other side owns by an owner, told from a row variable, as SQL.
    private func isForeign(_ owner: EntityOwnership.Owner, _ row: String) -> String {
        switch owner {
        case .always(let other): return other == side ? "false" : "true"
        case .byRow(let number):
            let predicate = ownership.predicates[number]
            let alias = side == .target ? "_target" : quotedIdentifier(entity.source.name)
            let isSources = side == .target ? predicate.target : predicate.source
            let isOurs = side == .source ? isSources : "NOT (\(isSources))"
            return "(SELECT NOT (\(isOurs)) FROM (SELECT \(row).*) AS \(alias))"
        }
    }

    private var createFunction: String {
        let updates = foreignColumns.map { column in
            let quoted = quotedIdentifier(column.name)
            return """
                    IF OLD.\(quoted) IS DISTINCT FROM NEW.\(quoted)
                        AND (\(isForeign(column.owner, "OLD")) OR \(isForeign(column.owner, "NEW"))) THEN
                        _columns := _columns || \(quotedLiteral(column.name))::text;
                    END IF;
                """
        }
        let row = isForeign(ownership.rowOwner, "NEW")
        let partly = foreignColumns.map { isForeign($0.owner, "OLD") }
        let deletes = ([isForeign(ownership.rowOwner, "OLD")] + partly).reduce(into: [String]()) { parts, part in
            if !parts.contains(part) { parts.append(part) }
        }
        func key(_ row: String) -> String {
            "ARRAY[\(keyColumns.map { "\(row).\(quotedIdentifier($0))::text" }.joined(separator: ", "))]"
        }
        return """
            CREATE FUNCTION \(function)() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
            AS $tidegate_guard$
            #variable_conflict use_column
            DECLARE
                _columns text[] := '{}';
                _key text[];
                _foreign_row boolean := false;
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    _key := \(key("OLD"));
            \(updates.joined(separator: "\n"))
                ELSIF TG_OP = 'INSERT' THEN
                    _key := \(key("NEW"));
                    _foreign_row := \(row);
                ELSIF TG_OP = 'DELETE' THEN
                    _key := \(key("OLD"));
                    _foreign_row := \(deletes.joined(separator: " OR "));
                ELSE
                    _foreign_row := true;
                END IF;
                IF _foreign_row OR cardinality(_columns) > 0 THEN
                    \(reaction)
                END IF;
                RETURN NULL;
            END $tidegate_guard$
            """
    }

    private var reaction: String {
        let epoch = ownership.epoch
        guard mode == .reject else {
            return """
                INSERT INTO tidegate.stray_write (role, application, client, table_name, operation, key, columns, epoch)
                        VALUES (session_user, current_setting('application_name'), inet_client_addr(),
                            TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, _key, _columns, \(epoch));
                """
        }
        let what = quotedLiteral(
            "%s of \(entity.name) belongs to the \(side.other.rawValue) (\(ownerSystem)) in epoch \(epoch)")
        return """
            RAISE EXCEPTION USING ERRCODE = '\(Guard.sqlState)',
                        MESSAGE = format(\(what), CASE WHEN _foreign_row THEN 'the row' ELSE array_to_string(_columns, ', ') END),
                        HINT = \(quotedLiteral("Make this change in \(ownerSystem); it arrives here by itself.")),
                        SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = coalesce(_columns[1], '');
            """
    }
}
