import LibPQ
import Model

/// A worker's connection to the target.
final class TargetSession {
    let connection: Connection
    /// Whether triggers and foreign-key checks are off in this session.
    let isReplica: Bool

    init(_ options: LoadOptions, name: String) throws {
        connection = try Connection(options.target, applicationName: name)
        for setting in options.sessionSettings {
            try connection.query(
                "SELECT set_config($1, $2, false)", [.text(setting.name), .text(setting.value.reveal())])
        }
        try connection.execute(
            """
            SET jit = off; SET client_min_messages = warning; SET temp_buffers = '64MB';
            SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET work_mem = '64MB'
            """)
        isReplica = (try? connection.execute("SET session_replication_role = replica")) != nil
    }
}
