import Foundation
public import LibPQ
import Synchronization

/// A throwaway PostgreSQL cluster in a folder of its own, on a port of its own of 127.0.0.1.
///
/// It logs everything that logical decoding needs (`wal_level = logical`) and has room for slots and prepared
/// transactions. It runs as another account when this process is root. It is destroyed with this value, by `destroy()`
/// and, when this process dies, by a watching shell.
public final class PostgresCluster: Sendable {
    /// The superuser.
    public static let user = "tidegate"

    /// The cluster's folder; `data` and `log` are in it.
    public let folder: String
    private let configuration: Configuration
    private let installation: PostgresInstallation
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var port: Int
        var server: ServerProcess?
        var isDestroyed = false
    }

    /// Makes a cluster and starts it.
    ///
    /// - Parameter primary: the running cluster that it is to be a standby of; nil for one of its own.
    /// - Throws: `SandboxError` when PostgreSQL is not installed, or does not start.
    public init(_ configuration: Configuration = Configuration(), standbyOf primary: PostgresCluster? = nil) throws {
        self.configuration = configuration
        installation = try PostgresInstallation()
        let account = try ServerAccount()
        func run(_ command: [String]) throws -> String {
            let (program, arguments) = account.command(command)
            return try Command.output(program, arguments)
        }
        folder = try run(["mktemp", "-d", "\(configuration.scratch)/tidegate-postgres.XXXXXX"])
        state = Mutex(State(port: 0))
        do {
            if let primary {
                _ = try run([
                    "\(installation.binaries)/pg_basebackup", "--dbname", primary.dataSourceName(), "--pgdata",
                    "\(folder)/data", "--checkpoint", "fast", "--write-recovery-conf", "--no-sync",
                ])
            } else {
                _ = try run([
                    "\(installation.binaries)/initdb", "--pgdata", "\(folder)/data", "--username",
                    PostgresCluster.user, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
                ])
            }
            let rules =
                configuration.hostBasedAuthentication + [
                    "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust",
                ]
            let script = """
                printf '%s\\n' "$2" > "$1/data/pg_hba.conf"
                echo "include 'sandbox.conf'" >> "$1/data/postgresql.conf"
                """
            _ = try run(["sh", "-c", script, "sh", folder, rules.joined(separator: "\n")])
            for (name, text) in configuration.files {
                let write = "umask 077; printf '%s' \"$3\" > \"$1/data/$2\""
                _ = try run(["sh", "-c", write, "sh", folder, name, text])
            }
            try start()
        } catch {
            destroy()
            throw error
        }
    }

    deinit { destroy() }

    /// The port that it listens on, which may be another after a restart only if a stranger took it meanwhile.
    public var port: Int { state.withLock { $0.port } }

    /// Whether the server has been started and not stopped by us.
    public var isRunning: Bool { state.withLock { $0.server != nil } }

    /// Starts the server, unless it runs, and waits until it takes connections.
    public func start() throws {
        try state.withLock { state in
            guard state.server == nil else { return }
            guard !state.isDestroyed else { throw SandboxError("the cluster was destroyed") }
            var failure: any Error = SandboxError("no free port")
            for _ in 0..<3 {
                if state.port == 0 { state.port = try FreePort.find() }
                do {
                    state.server = try launch(port: state.port)
                    return
                } catch {
                    failure = error
                    state.port = 0
                }
            }
            throw SandboxError("\(failure)\n\(logTail())")
        }
    }

    private func launch(port: Int) throws -> ServerProcess {
        let account = try ServerAccount()
        let (program, arguments) = account.command([
            "sh", "-c", "printf '%s' \"$2\" > \"$1/data/sandbox.conf\"", "sh", folder,
            configuration.settingsFile(port: port),
        ])
        _ = try Command.output(program, arguments)
        return try ServerProcess(folder: folder, binaries: installation.binaries, account: account)
    }

    /// Stops the server, if it runs, and waits for its end.
    public func stop(_ mode: StopMode = .fast) {
        state.withLock { state in
            state.server?.stop(mode)
            state.server = nil
        }
    }

    /// Stops and starts.
    public func restart(_ mode: StopMode = .fast) throws {
        stop(mode)
        try start()
    }

    /// Stops the server and deletes the cluster. It cannot be started again.
    public func destroy() {
        stop(.immediate)
        state.withLock { state in
            guard !state.isDestroyed else { return }
            state.isDestroyed = true
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// How to connect to one of its databases as superuser.
    public func connectionString(database: String = "postgres") throws(PostgresError) -> ConnectionString {
        try ConnectionString(dataSourceName(database: database))
    }

    /// The same as text, for a configuration file.
    public func dataSourceName(database: String = "postgres") -> String {
        "postgresql://\(PostgresCluster.user)@127.0.0.1:\(port)/\(database)"
    }

    /// Makes an empty database. Its name is lower case letters, digits and underscores.
    public func createDatabase(_ name: String) throws {
        let connection = try Connection(connectionString(), applicationName: "sandbox")
        try connection.execute("CREATE DATABASE \"\(name)\"")
    }

    /// Drops a database with its slots, ending the sessions in it.
    public func dropDatabase(_ name: String) throws {
        let connection = try Connection(connectionString(), applicationName: "sandbox")
        try connection.query(
            "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE database = $1 AND active",
            [.text(name)])
        try connection.query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1", [.text(name)])
        try connection.execute("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)")
    }

    /// The end of the server's log.
    public func logTail(lines: Int = 30) -> String {
        (try? Command.output("tail", ["-n", String(lines), "\(folder)/log"])) ?? ""
    }
}
