import Ledger
import LibPQ
import Model
import Playbook

/// A worker's connection to the target.
final class TargetSession {
    /// Who owns what of an entity; under the entity's lock it stays so to the end of the transaction.
    func ownership(of entity: CompiledEntity) throws -> EntityOwnership {
        EntityOwnership(of: entity, in: try Ownership(on: connection).epoch())
    }

    let connection: Connection
    /// Whether triggers and foreign-key checks are off in this session, as the playbook may want it.
    let isReplica: Bool
    /// Whether transactions are recorded, for the reverse flow to know its echoes.
    private let hasEchoes: Bool

    init(_ options: LoadOptions, for playbook: Playbook, name: String) throws {
        connection = try Connection(options.target, applicationName: name)
        isReplica = playbook.target.references == .replica
        hasEchoes = playbook.ownership != nil
        for setting in options.sessionSettings {
            try connection.query(
                "SELECT set_config($1, $2, false)", [.text(setting.name), .text(setting.value.reveal())])
        }
        try connection.execute(
            """
            SET jit = off; SET client_min_messages = warning; SET temp_buffers = '64MB';
            SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET work_mem = '64MB'
            """)
        if isReplica { try connection.execute("SET session_replication_role = replica") }
        if hasEchoes { try SessionOrigin.adopt(on: connection) }
    }

    /// When the constraints that can wait are checked.
    enum Checks: String {
        /// After each statement, so that a row that violates one is found, which it would not be at the commit.
        case atOnce = "IMMEDIATE"
        /// When the transaction says so.
        case later = "DEFERRED"
    }

    /// Runs `body` in a transaction.
    func transaction<T>(_ checks: Checks = .atOnce, _ body: () throws -> T) throws -> T {
        try connection.transaction(isReplica ? "BEGIN" : "BEGIN; SET CONSTRAINTS ALL \(checks.rawValue)") {
            if hasEchoes { try connection.execute(AppliedTransactions.record) }
            return try body()
        }
    }
}
