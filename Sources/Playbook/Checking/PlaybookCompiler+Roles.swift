import LibPQ
import Model

extension PlaybookCompiler {
    private static let oldestServer = 130_000

    /// What the target's role may do.
    func checkTargetRole() throws(PostgresError) {
        let place = playbook.target.location
        checkVersion(of: target, "target", at: place)
        let rights = try target.query(
            """
            SELECT current_user AS role, current_database() AS database,
                   has_database_privilege(current_database(), 'CREATE') AS may_create,
                   to_regnamespace('tidegate') IS NOT NULL
                       AND has_schema_privilege(to_regnamespace('tidegate'), 'CREATE') AS has_ledger,
                   pg_is_in_recovery() AS is_standby
            """)
        guard let row = rights.rows.first else { return }
        let role = quotedIdentifier(row["role"] ?? "")
        let database = quotedIdentifier(row["database"] ?? "")
        if row.bool("is_standby") == true {
            error(.serverSetting, at: place, "the target is a standby", expected: "a server that can be written")
        }
        if row.bool("may_create") != true, row.bool("has_ledger") != true {
            error(
                .roleRights, at: place, "the target's role \(role) may not create the schema tidegate",
                expected: "a role that can create the ledger",
                advice:
                    "GRANT CREATE ON DATABASE \(database) TO \(role), or CREATE SCHEMA tidegate AUTHORIZATION \(role)")
        }
        try checkReplicaRole(role)
        for draft in drafts { checkTargetTable(draft, role) }
    }

    private func checkVersion(of connection: Connection, _ side: String, at place: FileLocation) {
        guard connection.serverVersion < Self.oldestServer else { return }
        error(
            .serverSetting, at: place, "the \(side) is PostgreSQL \(connection.serverVersion / 10_000)",
            expected: "PostgreSQL 13 or later")
    }

    private func checkReplicaRole(_ role: String) throws(PostgresError) {
        let place = playbook.target.location
        let mayIgnore = try may("SET LOCAL session_replication_role = replica", on: target)
        switch (playbook.target.references, mayIgnore) {
        case (.replica, false):
            error(
                .roleRights, at: place, "the target's role \(role) may not set session_replication_role",
                expected: "that right, because target.references is replica",
                advice:
                    "GRANT SET ON PARAMETER session_replication_role TO \(role) (PostgreSQL 15), or references: wait")
        case (.replica, true):
            note(
                .roleRights, at: place,
                "target.references is replica: apply sessions check no foreign key and fire no trigger")
        case (.wait, _):
            note(
                .roleRights, at: place,
                "target.references is wait: rows that miss their parent are parked until it comes; the role \(role) may "
                    + (mayIgnore ? "also use replica" : "not use replica"))
        }
    }

    /// Whether the role may run a statement, tried in a transaction that is rolled back.
    private func may(_ sql: String, on connection: Connection) throws(PostgresError) -> Bool {
        try connection.execute("BEGIN")
        var allowed = true
        do {
            try connection.execute(sql)
        } catch {
            guard error.sqlState == .insufficientPrivilege else { throw error }
            allowed = false
        }
        try connection.execute("ROLLBACK")
        return allowed
    }

    private func checkTargetTable(_ draft: EntityDraft, _ role: String) {
        let table = draft.targetTable
        let place = draft.definition.into.location
        if !table.isReadable || !table.isWritable {
            error(
                .roleRights, at: place, "the target's role \(role) may not read and write \(table.name)",
                expected: "SELECT, INSERT, UPDATE and DELETE",
                advice: "GRANT SELECT, INSERT, UPDATE, DELETE ON \(table.name.quoted) TO \(role)")
        }
        if table.hidesRows {
            error(
                .roleRights, at: place, "row security hides rows of \(table.name) from the target's role \(role)",
                expected: "a role that sees every row", advice: "ALTER ROLE \(role) BYPASSRLS, or make it the owner")
        }
        if !table.triggers.isEmpty, playbook.target.references == .wait {
            warn(
                .serverSetting, at: place,
                "applied rows fire triggers of \(table.name): \(table.triggers.joined(separator: ", "))",
                expected: "triggers that are right for copied rows too",
                advice: "references: replica keeps them quiet, or disable them until the cutover")
        }
    }

    // MARK: The source

    /// What the source's server is set to, and what its role may do.
    func checkSourceServer() throws(PostgresError) {
        guard let source else {
            if playbook.source.postgres == nil {
                note(
                    .serverSetting, at: playbook.source.location,
                    "the source has no connection: its baseline comes from snapshot events or files, and rows cannot be "
                        + "read again", advice: "add source: { postgres: ... } if the database can be reached")
            }
            return
        }
        let place = playbook.source.postgres?.location ?? playbook.source.location
        checkVersion(of: source, "source", at: place)
        let settings = try source.query(
            """
            SELECT current_user AS role, current_setting('wal_level') AS wal_level, pg_is_in_recovery() AS is_standby,
                   (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_replicate,
                   current_setting('max_replication_slots')::int AS slots
            """)
        guard let row = settings.rows.first else { return }
        let role = quotedIdentifier(row["role"] ?? "")
        if row["wal_level"] != "logical" {
            error(
                .serverSetting, at: place, "the source's wal_level is \(row["wal_level"] ?? "unknown")",
                expected: "logical: without it no change can be read from its log",
                advice: "ALTER SYSTEM SET wal_level = logical, and restart the source")
        }
        if row.int("slots") == 0 {
            error(
                .serverSetting, at: place, "the source allows no replication slot",
                expected: "max_replication_slots > 0")
        }
        if row.bool("may_replicate") != true {
            warn(
                .roleRights, at: place, "the source's role \(role) may not replicate",
                expected: "a role with REPLICATION, for tidegate capture",
                advice: "ALTER ROLE \(role) REPLICATION, unless a connector with a role of its own reads the log")
        }
        if row.bool("is_standby") == true {
            error(
                .serverSetting, at: place, "the source is a standby, which shows less than the stream has brought",
                expected: "the primary: a load from a standby is refused")
        }
    }

    /// What the source's tables are, and what their rows leave in the log.
    func checkSourceTables() {
        for draft in drafts {
            guard let table = draft.sourceTable else { continue }
            let place = draft.definition.from.location
            checkKind(of: table, at: place)
            if !table.isReadable {
                error(
                    .roleRights, at: place, "the source's role may not read \(table.name)", expected: "SELECT",
                    advice: "GRANT SELECT ON \(table.name.quoted) TO the role")
            }
            if table.hidesRows {
                error(
                    .roleRights, at: place, "row security hides rows of \(table.name) from the source's role",
                    expected: "a role that sees every row", advice: "ALTER ROLE ... BYPASSRLS")
            }
            checkIdentity(of: table, draft, at: place)
        }
    }

    /// Who wrote what the other side owns is told from old rows.
    func checkAttribution() {
        for rule in playbook.ownership?.rules ?? [] where rule.owner == .target {
            guard let table = draft(rule.entity.value)?.sourceTable, table.replicaIdentity != .full else { continue }
            note(
                .replicaIdentity, at: rule.location,
                "what the source writes of this is not applied, and counted; its events lack the old row, so no write is "
                    + "attributed",
                advice: "ALTER TABLE \(table.name.quoted) REPLICA IDENTITY FULL, for more log")
        }
    }

    private func checkKind(of table: CatalogTable, at place: FileLocation) {
        switch table.kind {
        case .table: break
        case .partitioned:
            warn(
                .connectorSetting, at: place,
                "\(table.name) is partitioned: a publication names changes by partition unless told otherwise",
                expected: "events under the name of \(table.name)",
                advice: "CREATE PUBLICATION ... WITH (publish_via_partition_root = true)")
        case .view, .materialisedView, .foreign:
            error(
                .unknownTable, at: place, "\(table.name) is a view or foreign table: its changes are in no log",
                expected: "a table of the source")
        }
        if table.isUnlogged {
            error(
                .serverSetting, at: place, "\(table.name) is unlogged: its changes are in no log",
                expected: "a logged table", advice: "ALTER TABLE \(table.name.quoted) SET LOGGED")
        }
    }

    private func checkIdentity(of table: CatalogTable, _ draft: EntityDraft, at place: FileLocation) {
        let full = "ALTER TABLE \(table.name.quoted) REPLICA IDENTITY FULL"
        switch table.replicaIdentity {
        case .full: return
        case .nothing:
            error(
                .replicaIdentity, at: place,
                "\(table.name) has REPLICA IDENTITY NOTHING: updates and deletes do not say which row",
                expected: "DEFAULT with a primary key, or FULL",
                advice: "ALTER TABLE \(table.name.quoted) REPLICA IDENTITY DEFAULT")
            return
        case .primaryKey where table.primaryKey.isEmpty && !draft.eventKey.isEmpty:
            error(
                .replicaIdentity, at: place,
                "\(table.name) has no primary key and REPLICA IDENTITY DEFAULT: updates and deletes do not say which row",
                expected: "REPLICA IDENTITY USING INDEX, or FULL", advice: full)
            return
        case .index:
            let identity = table.uniqueIndexes.first { $0.isReplicaIdentity }?.columns ?? []
            if !Set(draft.eventKey).isSubset(of: identity) {
                error(
                    .replicaIdentity, at: place,
                    "the replica identity of \(table.name) lacks key columns: "
                        + draft.eventKey.filter { !identity.contains($0) }.joined(separator: ", "),
                    expected: "every key column in it", advice: full)
                return
            }
        case .primaryKey: break
        }
        let large = draft.columns.filter { $0.catalog?.isToastable == true }.map(\.name)
        if table.outOfLineBytes > 0, !large.isEmpty {
            note(
                .replicaIdentity, at: place,
                "\(table.name) holds values out of line (\(table.outOfLineBytes >> 20) MB): where they do not change, "
                    + "events leave them out, and such rows are read again when they are not there yet",
                advice: "\(full) makes every event whole, for more log")
        }
    }
}
