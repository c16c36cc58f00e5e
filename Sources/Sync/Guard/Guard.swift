internal import Ledger
public import LibPQ
public import Model
public import Playbook

/// The guards of one side: installed, removed and looked at, each in one transaction.
public struct Guard {
    /// The SQLSTATE of a refused write, of a class of its own.
    public static let sqlState = "TG001"

    /// A guarded table.
    public struct State: Hashable, Sendable, Encodable {
        public let entity: String
        public let table: String
        public let mode: String
        /// The epoch whose ownership it knows: stale when that has moved.
        public let epoch: Int64
        /// Writes that were recorded.
        public let strayWrites: Int
    }

    private let connection: Connection
    private let side: Side

    /// The guards of a side, in the database that `connection` reaches.
    public init(_ side: Side, on connection: Connection) {
        self.side = side
        self.connection = connection
    }

    /// Guards the tables of some entities as an epoch's ownership says, in place of what guards them now.
    ///
    /// - Parameters:
    ///   - exemptRole: the role that applies without being a replica.
    ///   - ownerSystem: what the other side is called in messages.
    /// - Returns: the entities that have something to guard on this side.
    public func install(
        _ entities: [CompiledEntity], in epoch: OwnershipEpoch, mode: GuardMode, exemptRole: String?,
        ownerSystem: String
    ) throws -> [EntityName] {
        try connection.transaction {
            try connection.execute("SET LOCAL lock_timeout = '10s'")
            try Migrations.lock(on: connection)
            try connection.execute(Self.tables)
            try keep(mode, exemptRole, ownerSystem)
            var guarded: [EntityName] = []
            for entity in entities {
                let triggers = GuardTriggers(
                    entity: entity, ownership: EntityOwnership(of: entity, in: epoch), side: side, mode: mode,
                    exemptRole: exemptRole, ownerSystem: ownerSystem)
                for statement in triggers.install { try connection.execute(statement) }
                try connection.query("DELETE FROM tidegate.guard WHERE entity = $1", [.text(entity.name.rawValue)])
                if triggers.isEmpty { continue }
                for table in mode == .off ? [] : try partitions(of: triggers.table) {
                    try connection.execute(triggers.truncateTrigger(on: table))
                }
                try connection.query(
                    "INSERT INTO tidegate.guard (entity, table_name, mode, epoch) VALUES ($1, $2, $3, $4)",
                    [
                        .text(entity.name.rawValue), .text(triggers.table.description), .text(mode.rawValue),
                        .int(epoch.number),
                    ])
                guarded.append(entity.name)
            }
            return guarded
        }
    }

    /// Guards anew what an epoch gives the other side, as guards were installed last; nothing where none are.
    ///
    /// - Returns: whether there are guards.
    func renew(_ entities: [CompiledEntity], in epoch: OwnershipEpoch) throws -> Bool {
        guard try isRenewable(),
            let kept = try connection.query("SELECT mode, exempt_role, owner_system FROM tidegate.guard_setting").rows
                .first,
            let mode = kept["mode"].flatMap(GuardMode.init(rawValue:))
        else { return false }
        _ = try install(
            entities, in: epoch, mode: mode, exemptRole: kept["exempt_role"], ownerSystem: kept["owner_system"] ?? "")
        return true
    }

    private func keep(_ mode: GuardMode, _ exemptRole: String?, _ ownerSystem: String) throws {
        try connection.query(
            """
            INSERT INTO tidegate.guard_setting (mode, exempt_role, owner_system) VALUES ($1, $2, $3)
            ON CONFLICT (only_one) DO UPDATE SET mode = excluded.mode, exempt_role = excluded.exempt_role,
                owner_system = excluded.owner_system
            """, [.text(mode.rawValue), .optional(exemptRole), .text(ownerSystem)])
    }

    /// Takes the guards of some entities away.
    public func remove(_ entities: [CompiledEntity]) throws {
        try connection.transaction {
            try connection.execute("SET LOCAL lock_timeout = '10s'")
            for entity in entities {
                let triggers = GuardTriggers(
                    entity: entity, ownership: EntityOwnership(of: entity, in: OwnershipEpoch()), side: side,
                    mode: .reject, exemptRole: nil, ownerSystem: "")
                for statement in triggers.remove { try connection.execute(statement) }
                if try isPrepared() {
                    try connection.query("DELETE FROM tidegate.guard WHERE entity = $1", [.text(entity.name.rawValue)])
                }
            }
            if try isRenewable() { try connection.execute("DELETE FROM tidegate.guard_setting") }
        }
    }

    /// What is guarded.
    public func states() throws -> [State] {
        guard try isPrepared() else { return [] }
        return try connection.query(
            """
            SELECT g.entity, g.table_name, g.mode, g.epoch,
                (SELECT count(*) FROM tidegate.stray_write s WHERE s.table_name = g.table_name) AS strays
            FROM tidegate.guard g ORDER BY 1
            """
        ).rows.map { row in
            State(
                entity: row["entity"] ?? "", table: row["table_name"] ?? "", mode: row["mode"] ?? "",
                epoch: row["epoch"].flatMap(Int64.init) ?? 0, strayWrites: row.int("strays") ?? 0)
        }
    }

    private func isPrepared() throws -> Bool {
        try connection.query("SELECT to_regclass('tidegate.guard')").scalar != nil
    }

    private func isRenewable() throws -> Bool {
        try connection.query("SELECT to_regclass('tidegate.guard_setting')").scalar != nil
    }

    /// The table and its partitions, as SQL.
    private func partitions(of table: TableName) throws -> [String] {
        let tree = try connection.query(
            "SELECT relid::regclass::text FROM pg_partition_tree($1::text::regclass)", [.text(table.quoted)])
        let names = tree.rows.compactMap { $0[0] }
        return names.isEmpty ? [table.quoted] : names
    }

    private static let tables = """
        CREATE SCHEMA IF NOT EXISTS tidegate;
        CREATE TABLE IF NOT EXISTS tidegate.guard (
            entity text PRIMARY KEY, table_name text NOT NULL, mode text NOT NULL, epoch bigint NOT NULL,
            installed_at timestamptz NOT NULL DEFAULT now());
        COMMENT ON TABLE tidegate.guard IS 'Tables whose triggers keep applications from writing what the other side owns.';
        CREATE TABLE IF NOT EXISTS tidegate.guard_setting (
            only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), mode text NOT NULL, exempt_role text,
            owner_system text NOT NULL);
        COMMENT ON TABLE tidegate.guard_setting IS 'How guards were installed last: how a transfer of ownership renews them.';
        CREATE TABLE IF NOT EXISTS tidegate.stray_write (
            id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
            role text NOT NULL, application text NOT NULL, client inet, table_name text NOT NULL, operation text NOT NULL,
            key text[], columns text[] NOT NULL, epoch bigint NOT NULL);
        COMMENT ON TABLE tidegate.stray_write IS 'Writes of applications to what the other side owns, recorded by guards of mode record.'
        """
}
