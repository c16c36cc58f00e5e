import Foundation
import Ledger
import LibPQ
import Model
import Playbook
import Sync
import Synchronization

/// A worker's connections to both sides.
///
/// No statement takes longer than its limit, so no snapshot is held longer either; no lock is waited for longer than its own.
final class SideSessions {
    let source: Connection
    let target: Connection
    /// Whether triggers and foreign-key checks are off in the target session, as the playbook may want it.
    let isReplica: Bool
    private let isRepairing: Bool

    init(_ options: VerifyOptions, for playbook: Playbook, name: String) throws {
        source = try Connection(options.source, applicationName: name)
        target = try Connection(options.target, applicationName: name)
        isReplica = playbook.target.references == .replica
        isRepairing = options.repairs
        let limits = """
            SET statement_timeout = 0; SET lock_timeout = \(Self.milliseconds(options.lockTimeout)); SET jit = off; \
            SET max_parallel_workers_per_gather = 0; SET client_min_messages = warning; \
            SET idle_in_transaction_session_timeout = 0;
            """
        try source.execute(limits + "SET default_transaction_read_only = on")
        try target.execute(limits + "SET temp_buffers = '64MB'; SET work_mem = '64MB'")
        for setting in options.sessionSettings {
            try target.query(
                "SELECT set_config($1, $2, false)", [.text(setting.name), .text(setting.value.reveal())])
        }
        if isRepairing {
            if isReplica { try target.execute("SET session_replication_role = replica") }
            if playbook.ownership != nil { try SessionOrigin.adopt(on: target) }
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int { max(1, Int(duration / .milliseconds(1))) }

    /// Limits how long each statement on either side may take; nil for those that write down what was found.
    func limitStatements(to limit: Duration?) throws {
        for connection in [source, target] {
            try connection.execute("SET statement_timeout = \(limit.map(Self.milliseconds) ?? 0)")
        }
    }

    /// Runs `body` in one snapshot of the source.
    func readingSource<T>(_ body: (TransactionSnapshot, LSN?) throws -> T) throws -> T {
        try source.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") {
            guard let snapshot = try SourceTransactions(on: source).snapshot() else {
                throw VerificationError(.source, "the source gave no snapshot")
            }
            return try body(snapshot, try SourceLog(on: source).end())
        }
    }

    /// Runs `body` in a transaction of the target that may write.
    func writingTarget<T>(_ body: () throws -> T) throws -> T {
        try target.transaction(isReplica ? "BEGIN" : "BEGIN; SET CONSTRAINTS ALL IMMEDIATE") {
            if isRepairing { try target.execute(AppliedTransactions.record) }
            return try body()
        }
    }

    /// Asks both sides at once, each for itself.
    func both(_ here: String, _ there: String) throws -> (source: LibPQ.Result, target: LibPQ.Result) {
        let answers = Mutex<[Int: Swift.Result<LibPQ.Result, PostgresError>]>([:])
        nonisolated(unsafe) let sides = [(source, here), (target, there)]
        DispatchQueue.concurrentPerform(iterations: sides.count) { place in
            let (connection, sql) = sides[place]
            let answer = Swift.Result { () throws(PostgresError) in try connection.query(sql) }
            answers.withLock { $0[place] = answer }
        }
        let both = answers.withLock { $0 }
        guard let source = try both[0]?.get(), let target = try both[1]?.get() else {
            throw PostgresError(.connection, "a side gave no answer")
        }
        return (source, target)
    }
}
