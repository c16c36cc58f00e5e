internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// A lane's connection to the target, set up for applying, with what is prepared in it.
final class TargetSession {
    let connection: Connection
    /// Whether triggers and foreign-key checks are off in this session. Then deletes may go before writes, which is
    /// what unique values that move between rows need; else writes go first, parents before children.
    let isReplica: Bool
    private var prepared: Set<String> = []

    /// Opens a session as the playbook's target wants it, with `settings` (the masking key).
    init(
        _ target: ConnectionString, playbook: CompiledPlaybook, settings: [(name: String, value: Redacted<String>)],
        applicationName: String
    ) throws {
        connection = try Connection(target, applicationName: applicationName)
        isReplica = playbook.playbook.target.references == .replica
        for setting in settings {
            try connection.query(
                "SELECT set_config($1, $2, false)", [.text(setting.name), .text(setting.value.reveal())])
        }
        // A process that is paused within a transaction must not keep its successor waiting for the rows it has locked.
        // The stage is small against its table and has no statistics: only index lookups are ever right.
        try connection.execute(
            """
            SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan;
            SET jit = off; SET max_parallel_workers_per_gather = 0; SET client_min_messages = warning;
            SET temp_buffers = '32MB'; SET idle_in_transaction_session_timeout = '30s'
            """)
        if isReplica { try connection.execute("SET session_replication_role = replica") }
        if playbook.playbook.ownership != nil { try SessionOrigin.adopt(on: connection) }
    }

    /// Prepares a statement unless the session has it.
    func prepare(_ name: String, _ sql: @autoclosure () -> String) throws {
        guard !prepared.contains(name) else { return }
        try connection.prepare(name, sql())
        prepared.insert(name)
    }
}
